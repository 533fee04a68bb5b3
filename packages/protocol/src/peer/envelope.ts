import * as E from 'fp-ts/lib/Either.js'
import { equalBytes } from '@hsmlab/crypto'
import type { ClusterId, Hmac, HsmId } from '@hsmlab/domain'
import { type Tagged, utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'
import { byteReader, byteWriter } from '../session/bytes.ts'

/** The largest message between peers: below NATS' default `max_payload` of 1 MiB. */
export const PEER_MESSAGE_SIZE_MAX = 900_000
export const PEER_NONCE_SIZE = 16
const MAC_SIZE = 32
const VERSION = 1

/** Questions are odd, their answers follow them: so no message can be taken for the other kind. */
export const PEER_KIND = {
  compare: 1,
  compared: 2,
  list: 3,
  listed: 4,
  fetch: 5,
  fetched: 6,
} as const
export type PeerKind = keyof typeof PEER_KIND

const KIND_OF: ReadonlyMap<number, PeerKind> = new Map(
  (Object.keys(PEER_KIND) as ReadonlyArray<PeerKind>).map((kind) => [PEER_KIND[kind], kind]),
)

/** Why a message is dropped and counted. Anybody can send any of these. */
export type PeerDrop =
  | Tagged<'Malformed'>
  | Tagged<'OtherCluster'>
  | Tagged<'OtherReceiver'>
  | Tagged<'UnknownSender'>
  | Tagged<'MacInvalid'>
  /** Not the answer to the question that is open: late, repeated, or of the wrong kind. */
  | Tagged<'NotAwaited'>

/** A message between two HSMs of a cluster: who, to whom, and a nonce that the answer brings back. */
export type PeerMessage = Readonly<{
  clusterId: ClusterId
  sender: HsmId
  receiver: HsmId
  nonce: Uint8Array
  kind: PeerKind
  body: Uint8Array
}>

/** The bytes of a message, its MAC over all else at their end. `hmac` is `peerHmac` of the masking key. */
export const sealPeerMessage = (hmac: Hmac, message: PeerMessage): Uint8Array => {
  const covered = byteWriter(message.body.length + 160)
    .u8(VERSION)
    .u8(PEER_KIND[message.kind])
    .bytes(utf8Bytes(message.clusterId))
    .bytes(utf8Bytes(message.sender))
    .bytes(utf8Bytes(message.receiver))
    .raw(message.nonce)
    .bytes(message.body)
    .finish()
  return byteWriter(covered.length + MAC_SIZE)
    .raw(covered)
    .raw(hmac(covered))
    .finish()
}

/** For whom a message must be. */
export type PeerAddress = Readonly<{ clusterId: ClusterId; receiver: HsmId; isPeer: (sender: HsmId) => boolean }>

/** A message that a peer sent to this HSM; its body is a view into `bytes` and still to be decoded. */
export const openPeerMessage = (
  hmac: Hmac,
  { clusterId, receiver, isPeer }: PeerAddress,
  bytes: Uint8Array,
): E.Either<PeerDrop, PeerMessage> => {
  if (bytes.length > PEER_MESSAGE_SIZE_MAX) return E.left({ _tag: 'Malformed' })
  const reader = byteReader(bytes)
  const version = reader.u8()
  const kind = KIND_OF.get(reader.u8())
  const cluster = utf8Text(reader.bytes())
  const sender = utf8Text(reader.bytes())
  const addressee = utf8Text(reader.bytes())
  const nonce = reader.raw(PEER_NONCE_SIZE)
  const body = reader.bytes()
  const mac = reader.raw(MAC_SIZE)
  if (!reader.finished() || version !== VERSION || kind === undefined) return E.left({ _tag: 'Malformed' })
  if (cluster !== clusterId) return E.left({ _tag: 'OtherCluster' })
  if (addressee !== receiver) return E.left({ _tag: 'OtherReceiver' })
  if (sender === undefined || !isPeer(sender as HsmId)) return E.left({ _tag: 'UnknownSender' })
  if (!equalBytes(mac, hmac(bytes.subarray(0, bytes.length - MAC_SIZE)))) return E.left({ _tag: 'MacInvalid' })
  return E.right({ clusterId, sender: sender as HsmId, receiver, nonce, kind, body })
}
