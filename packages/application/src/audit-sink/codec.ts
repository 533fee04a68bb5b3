import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { ChainedAuditRecord, ClusterIdCodec, HsmIdCodec } from '@hsmlab/domain'
import {
  Base64Codec,
  canonicalJson,
  type DecodeError,
  eventCodec,
  type Json,
  type Message,
  parseJsonBytes,
  utf8Bytes,
  versioned,
} from '@hsmlab/event-sourcing'
import { SignedAuditHead } from '@hsmlab/protocol/local'

const LogTaken = t.strict({
  clusterId: ClusterIdCodec,
  hsmId: HsmIdCodec,
  /** The records of the HSM's log that were taken in: `from` inclusive, `to` exclusive; `hash` is the chain's after them. */
  from: t.number,
  to: t.number,
  hash: Base64Codec,
  rebootCounter: t.number,
  audit: t.readonlyArray(ChainedAuditRecord),
})

/** What an audit sink keeps: audit records as they came off the HSMs' logs, and what the HSMs signed. */
export type AuditSinkEvent =
  | Message<'LogTaken', t.TypeOf<typeof LogTaken>>
  | Message<'AuditHeadSigned', SignedAuditHead>
  /** An HSM showed another history than the one it had shown before. `from` is the first record that differs, if known. */
  | Message<'LogForked', { hsmId: t.TypeOf<typeof HsmIdCodec>; from: number; length: number }>

const events = eventCodec<AuditSinkEvent>([
  versioned('LogTaken', 1, LogTaken),
  versioned('AuditHeadSigned', 1, SignedAuditHead),
  versioned('LogForked', 1, t.strict({ hsmId: HsmIdCodec, from: t.number, length: t.number })),
])

const Stored = t.strict({ type: t.string, version: t.number, data: t.unknown })

export const encodeAuditSinkEvent = (event: AuditSinkEvent): Uint8Array =>
  utf8Bytes(canonicalJson(events.encode(event)))

export const decodeAuditSinkEvent = (record: Uint8Array): E.Either<DecodeError, AuditSinkEvent> => {
  const stored = Stored.decode(parseJsonBytes(record))
  if (E.isLeft(stored)) return E.left({ _tag: 'Malformed', type: 'AuditSinkEvent', paths: [] })
  const { type, version, data } = stored.right
  return events.decode({ type, version, data: data as Json })
}
