import type { AuditRecord } from './audit-record.ts'
import { auditTime } from './audit-time.ts'
import { AUDIT_OPCODE, commandTypeOf, LOG_TYPE, USER_TYPE } from './opcodes.ts'

const hex = (value: number): string => `0x${value.toString(16)}`

const response = ({ responseCode, responseText }: AuditRecord): string =>
  responseCode === 0 ? `0:HSM Return: ${responseText}` : `${responseCode}:HSM Error: ${responseText}`

/**
 * The record as CloudHSM writes it to CloudWatch Logs ("Interpreting AWS CloudHSM audit logs"): lines of `Name : value`,
 * without a line end at the end. Events are parted by an empty line.
 */
export const auditText = (record: AuditRecord): string => {
  const lines = [
    `Time: ${auditTime(record.timeMicros)}, usecs:${record.timeMicros}`,
    `Sequence No : ${hex(record.sequence)}`,
    `Reboot counter : ${hex(record.rebootCounter)}`,
    `Command Type(hex) : ${commandTypeOf(record.opcode)}`,
    `Opcode : ${record.opcode} (${hex(AUDIT_OPCODE[record.opcode].code)})`,
    `Session Handle : ${hex(record.session)}`,
    `Response : ${response(record)}`,
    `Log type : ${record.logType} (${LOG_TYPE[record.logType]})`,
  ]
  if (record.userName !== undefined) lines.push(`User Name : ${record.userName}`)
  if (record.userType !== undefined) lines.push(`User Type : ${record.userType} (${USER_TYPE[record.userType]})`)
  if (record.keyHandle !== undefined) {
    lines.push(`Priv/Secret Key Handle : ${record.keyHandle}`, `Public Key Handle : ${record.publicKeyHandle ?? 0}`)
  }
  return lines.join('\n')
}
