import * as E from 'fp-ts/lib/Either.js'
import type { CryptoEngine } from '@hsmlab/crypto'
import {
  auditHeadStatement,
  auditOf,
  chainAuditRecord,
  decodeHsmFact,
  emptyAuditHead,
  firstAuditCursor,
  type HsmId,
} from '@hsmlab/domain'
import { type Base64, canonicalJson, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { SignedAuditHead } from '@hsmlab/protocol/local'
import type { EventStore } from '../event-store/event-store.ts'
import { payloadOf } from '../event-store/record.ts'

export type AuditHeadPart = Readonly<{
  hsmId: HsmId
  store: EventStore
  identityKey: Base64
  identityPrivateKey: Uint8Array
}>

/**
 * Says how far an HSM's audit log has come, signed. It follows the log when it is asked, from where it was asked before:
 * what nobody asks for costs nothing.
 */
export const auditHeadSigner = (
  engine: CryptoEngine,
  { hsmId, store, identityKey, identityPrivateKey }: AuditHeadPart,
): (() => Promise<Uint8Array>) => {
  let position = 0
  let cursor = firstAuditCursor
  let head = emptyAuditHead(hsmId)
  let following: Promise<void> = Promise.resolve()

  const follow = async (): Promise<void> => {
    const read = await store.read(position, store.durableHead().revision, (at, record) => {
      const fact = decodeHsmFact(payloadOf(record))
      if (E.isLeft(fact)) return false
      const audited = auditOf(cursor, fact.right)
      cursor = audited.cursor
      for (const each of audited.records) head = chainAuditRecord(head, each).head
      position = at + 1
      return true
    })()
    if (E.isLeft(read)) throw new Error(read.left._tag)
  }

  return async () => {
    following = following.catch(() => undefined).then(follow)
    await following
    const signature = engine.ed25519.sign(identityPrivateKey, utf8Bytes(auditHeadStatement(head)))
    return utf8Bytes(canonicalJson(SignedAuditHead.encode({ head, identityKey, signature: toBase64(signature) })))
  }
}
