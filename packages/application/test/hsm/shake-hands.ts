import * as E from 'fp-ts/lib/Either.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { type Channel, channel, type CryptoEngine, handshake } from '@hsmlab/crypto'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import { type Bus, subject } from '@hsmlab/ports'
import { seededRandom } from '@hsmlab/ports/memory'
import {
  CHANNEL_ID_SIZE,
  channelPrologue,
  decodeReplies,
  encodeRequests,
  PROXY_ID_SIZE,
  type SessionReply,
  type SessionRequest,
  subjects,
} from '@hsmlab/protocol'

type Lab = Readonly<{ bus: Bus; engine: CryptoEngine; settled: <A>(promise: Promise<A>) => Promise<A> }>
type Named = Readonly<{ clusterId: string; hsmId: string; staticKey: Uint8Array }>

const names = seededRandom('proxies')

const opening = ({ engine }: Lab, { clusterId, hsmId, staticKey }: Named) => {
  const shake = handshake(engine, {
    pattern: 'NK',
    role: 'initiator',
    prologue: utf8Bytes(channelPrologue(clusterId, hsmId)),
    remoteStatic: staticKey,
  })
  const proxyId = names.bytes(PROXY_ID_SIZE)
  const message = Uint8Array.of(...proxyId, ...(shake.write(new Uint8Array(0)) ?? []))
  return { shake, proxyId, message }
}

/** The first message of a handshake, as somebody on the bus can hear and repeat it. */
export const handshakeMessage = (lab: Lab, named: Named): Uint8Array => opening(lab, named).message

/** A channel with an HSM; `undefined`: it took none. */
export const shakeHands = async (lab: Lab, named: Named) => {
  const { bus, engine, settled } = lab
  const { shake, proxyId, message } = opening(lab, named)
  const reply = await settled(bus.request(subject(subjects.handshake(named.hsmId)), message, 1000)())
  if (E.isLeft(reply) || shake.read(reply.right.subarray(CHANNEL_ID_SIZE)) === undefined) return undefined
  const keys = shake.result()
  if (keys === undefined) return undefined
  return framed(bus, named.hsmId, proxyId, reply.right.slice(0, CHANNEL_ID_SIZE), channel(engine, keys))
}

const framed = (bus: Bus, hsmId: string, proxyId: Uint8Array, header: Uint8Array, cipher: Channel) => {
  const waiting = new Map<number, (reply: SessionReply) => void>()
  const frameSizes: number[] = []
  const beats: Uint8Array[] = []
  let nextId = 1
  const close = bus.listen(subject(subjects.proxyFrames(bytesToHex(proxyId))), (frame) => {
    const plaintext = cipher.open(frame.subarray(CHANNEL_ID_SIZE), header)
    const replies = plaintext === undefined ? undefined : decodeReplies(plaintext)
    if (replies === undefined) return
    frameSizes.push(frame.length)
    for (const each of replies) {
      if (each.requestId === 0) beats.push(each.body.slice())
      waiting.get(each.requestId)?.(each)
      waiting.delete(each.requestId)
    }
  })
  const sendFrame = (requests: ReadonlyArray<SessionRequest>): void => {
    const sealed = cipher.seal(encodeRequests(requests), header)
    bus.send(subject(subjects.hsmFrames(hsmId)), new Uint8Array(Buffer.concat([header, sealed])))
  }
  const replyTo = (requestId: number): Promise<SessionReply> =>
    new Promise((resolve) => waiting.set(requestId, resolve))
  /** Sends now, in a frame of its own; resolves with the reply. */
  const postAs = (requestId: number, operation: number, session: number, body: Uint8Array): Promise<SessionReply> => {
    const replied = replyTo(requestId)
    sendFrame([{ requestId, operation, session, body }])
    return replied
  }
  const post = (operation: number, session: number, body: Uint8Array) => postAs(nextId++, operation, session, body)
  return { proxyId, header, beats, frameSizes, sendFrame, replyTo, postAs, post, close }
}
