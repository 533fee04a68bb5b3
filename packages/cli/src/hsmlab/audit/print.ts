import { auditText, ChainedAuditRecord, type HsmId } from '@hsmlab/domain'

/**
 * Prints records as CloudHSM writes them, an empty line between two; or as JSON, one a line. CloudHSM keeps a stream for
 * each HSM: where several are mixed, a line above names the HSM whenever it changes.
 */
export const auditPrinter = (print: (text: string) => void, json: boolean, oneHsm: boolean) => {
  let before: HsmId | undefined
  return (chained: ChainedAuditRecord): void => {
    if (json) {
      print(`${JSON.stringify(ChainedAuditRecord.encode(chained))}\n`)
      return
    }
    const { hsmId } = chained.record
    const separator = before === undefined ? '' : '\n'
    const name = oneHsm || hsmId === before ? '' : `# ${hsmId}\n`
    before = hsmId
    print(`${separator}${name}${auditText(chained.record)}\n`)
  }
}
