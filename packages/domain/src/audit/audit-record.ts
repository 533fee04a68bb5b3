import * as t from 'io-ts'
import { HsmIdCodec } from '../identifiers.ts'
import { AUDIT_OPCODE, LOG_TYPE, USER_TYPE } from './opcodes.ts'

/** A non-negative safe integer. */
export const Count = t.refinement(t.number, (value) => Number.isSafeInteger(value) && value >= 0, 'Count')

/**
 * One audit event of one HSM ("Interpreting AWS CloudHSM audit logs"). `sequence` counts the HSM's audited events from
 * 0 without a gap; `timeMicros` is wall time; `session` the HSM's session handle; `response` the HSM's return code with
 * its text (0: `SUCCESS`). Users stand in user events, handles in key events; `publicKeyHandle` is 0 where there is none.
 *
 * A record is hashed as it was first written. So a changed shape is a further member of a union, told apart by
 * `version`, and old records are never upcast.
 */
export const AuditRecord = t.intersection([
  t.strict({
    version: t.literal(1),
    hsmId: HsmIdCodec,
    sequence: Count,
    rebootCounter: Count,
    timeMicros: Count,
    opcode: t.keyof(AUDIT_OPCODE),
    session: Count,
    responseCode: Count,
    responseText: t.string,
    logType: t.keyof(LOG_TYPE),
  }),
  t.exact(
    t.partial({
      userName: t.string,
      userType: t.keyof(USER_TYPE),
      /** `Priv/Secret Key Handle`. */
      keyHandle: Count,
      publicKeyHandle: Count,
    }),
  ),
])
export type AuditRecord = t.TypeOf<typeof AuditRecord>
