import * as t from 'io-ts'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { canonicalJson, utf8Bytes } from '@hsmlab/event-sourcing'
import { type HsmId, HsmIdCodec } from '../identifiers.ts'
import { AuditRecord, Count } from './audit-record.ts'

/** SHA-256 in lower-case hex. */
const Hash = t.refinement(t.string, (text) => /^[0-9a-f]{64}$/.test(text), 'Hash')

/** A record in its HSM's chain. Both hashes stand with it, so that a record can be judged when its neighbour is gone. */
export const ChainedAuditRecord = t.strict({ record: AuditRecord, previousHash: Hash, hash: Hash })
export type ChainedAuditRecord = t.TypeOf<typeof ChainedAuditRecord>

/** How far a chain had come: `length` records, the last of them with `hash`. */
export const AuditHead = t.strict({ hsmId: HsmIdCodec, length: Count, hash: Hash })
export type AuditHead = t.TypeOf<typeof AuditHead>

/** The head of a chain that has no record yet; binds the chain to its HSM. */
export const emptyAuditHead = (hsmId: HsmId): AuditHead => ({
  hsmId,
  length: 0,
  hash: bytesToHex(sha256(utf8Bytes(`hsmlab audit chain 1\n${hsmId}\n`))),
})

/** SHA-256 over the previous hash (as 64 hex digits), a line end, and the record's canonical JSON. */
export const auditHash = (previousHash: string, record: AuditRecord): string =>
  bytesToHex(sha256(utf8Bytes(`${previousHash}\n${canonicalJson(record)}`)))

/** Puts `record` behind `head`. Its `sequence` is `head.length`. */
export const chainAuditRecord = (
  head: AuditHead,
  record: AuditRecord,
): Readonly<{ chained: ChainedAuditRecord; head: AuditHead }> => {
  const hash = auditHash(head.hash, record)
  return {
    chained: { record, previousHash: head.hash, hash },
    head: { hsmId: head.hsmId, length: head.length + 1, hash },
  }
}

/** The text that an HSM signs: so far my audit log had come. */
export const auditHeadStatement = ({ hsmId, length, hash }: AuditHead): string =>
  `hsmlab audit head 1\n${hsmId}\n${length}\n${hash}\n`
