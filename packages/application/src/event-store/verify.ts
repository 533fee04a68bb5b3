import * as E from 'fp-ts/lib/Either.js'
import type { LogDamaged, LogFlaw } from './failure.ts'
import { type Head, hashRecord, isWellFormed, type LogRecord, macOf, positionOf, previousHashOf } from './record.ts'
import { type HasSha256, type Mac, sameBytes } from './seal.ts'

/** Where a check begins. Without a hash, the first record's word is taken for what came before: its MAC vouches. */
export type Start = Readonly<{ revision: number; hash?: Uint8Array }>

const NO_HASH = new Uint8Array(0)

/** Follows a log record by record; not for use after its first flaw. */
export interface RecordVerifier {
  readonly check: (record: LogRecord) => LogFlaw | undefined
  readonly revision: () => number
  /** Where the log has come to. Before the first record of a start without a hash, the hash is empty. */
  readonly head: () => Head
}

/** Without `mac` (an auditor has no key) only the chain is followed. */
export const recordVerifier = (env: HasSha256, mac: Mac | undefined, start: Start): RecordVerifier => {
  let { revision, hash } = start
  return {
    check: (record) => {
      if (!isWellFormed(record)) return 'malformed'
      if (positionOf(record) !== revision) return 'chain'
      if (hash !== undefined && !sameBytes(previousHashOf(record), hash)) return 'chain'
      const next = hashRecord(env, record)
      if (mac !== undefined && !sameBytes(macOf(record), mac(next))) return 'mac'
      hash = next
      revision += 1
      return undefined
    },
    revision: () => revision,
    head: () => ({ revision, hash: hash ?? NO_HASH }),
  }
}

/** Checks that `records` follow `head` without a gap, and gives the head that they lead to. */
export const verifyRecords = (
  env: HasSha256,
  head: Head,
  records: Iterable<LogRecord>,
  mac?: Mac,
): E.Either<LogDamaged, Head> => {
  const verifier = recordVerifier(env, mac, head)
  for (const record of records) {
    const what = verifier.check(record)
    if (what !== undefined) return E.left({ _tag: 'LogDamaged', position: verifier.revision(), what })
  }
  return E.right(verifier.head())
}
