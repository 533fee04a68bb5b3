import * as E from 'fp-ts/lib/Either.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { type Channel, channel, handshake, type X25519KeyPair } from '@hsmlab/crypto'
import { canonicalJson, parseJsonBytes, type Tagged, utf8Bytes } from '@hsmlab/event-sourcing'
import { CKR } from '@hsmlab/pkcs11'
import { type HasBus, type HasClock, type HasCryptoEngine, type HasRandom, subject } from '@hsmlab/ports'
import {
  CHANNEL_ID_SIZE,
  CONTROL_OPERATION,
  CONTROL_OPERATIONS,
  CONTROLLER_ID_SIZE,
  ControlNotification,
  type ControlOperationName,
  ControlRefusal,
  type ControlReplyOf,
  type ControlRequestOf,
  controlPrologue,
  decodeReplies,
  encodeRequests,
  type SessionReply,
  subjects,
} from '@hsmlab/protocol'

const HANDSHAKE_MILLIS = 1000

export type ControlFailure =
  /** The rack said no. */
  | Tagged<'ControlRefused', { refusal: ControlRefusal }>
  /** The rack does not answer: whether it acted is not known, and the same command may be sent again. */
  | Tagged<'RackUnreachable', { availabilityZone: string }>

export type ControlClientPart = Readonly<{
  availabilityZone: string
  controllerKey: X25519KeyPair
  /** Raw X25519 public key of the rack, pinned. */
  rackKey: Uint8Array
  onNotification: (notification: ControlNotification) => void
}>

export interface ControlClient {
  readonly request: <Name extends ControlOperationName>(
    name: Name,
    request: ControlRequestOf<Name>,
    timeoutMillis: number,
  ) => Promise<E.Either<ControlFailure, ControlReplyOf<Name>>>
  readonly close: () => void
}

type Waiting = (reply: SessionReply | undefined) => void

/** A channel, and who waits on it. `retired`: a new one takes its place, and it ends when nobody waits any more. */
type Open = {
  readonly header: Uint8Array
  readonly cipher: Channel
  readonly waiting: Map<number, Waiting>
  retired: boolean
  unsubscribe: () => void
}

/** The controller's end of the channel to one rack; made anew whenever the rack stops answering. */
export const controlClient = (
  { bus, clock, engine, random }: HasBus & HasClock & HasCryptoEngine & HasRandom,
  part: ControlClientPart,
): ControlClient => {
  const { availabilityZone } = part
  let nextRequestId = 1
  let opening: Promise<Open | undefined> | undefined
  /** What `opening` led to. */
  let live: Open | undefined
  const channels = new Set<Open>()
  let closed = false

  const receive = ({ cipher, header, waiting }: Open, frame: Uint8Array): void => {
    const plaintext = cipher.open(frame.subarray(CHANNEL_ID_SIZE), header)
    for (const reply of (plaintext === undefined ? undefined : decodeReplies(plaintext)) ?? []) {
      if (reply.requestId === 0) {
        const notification = ControlNotification.decode(parseJsonBytes(reply.body))
        if (E.isRight(notification)) part.onNotification(notification.right)
      }
      waiting.get(reply.requestId)?.(reply)
    }
  }

  const connect = async (): Promise<Open | undefined> => {
    const shake = handshake(engine, {
      pattern: 'KK',
      role: 'initiator',
      prologue: utf8Bytes(controlPrologue(availabilityZone)),
      staticKey: part.controllerKey,
      remoteStatic: part.rackKey,
    })
    const controllerId = random.bytes(CONTROLLER_ID_SIZE)
    const first = shake.write(new Uint8Array(0))
    if (first === undefined) return undefined
    const message = Uint8Array.of(...controllerId, ...first)
    const reply = await bus.request(subject(subjects.controlHandshake(availabilityZone)), message, HANDSHAKE_MILLIS)()
    if (E.isLeft(reply) || shake.read(reply.right.subarray(CHANNEL_ID_SIZE)) === undefined) return undefined
    const keys = shake.result()
    if (keys === undefined) return undefined
    const open: Open = {
      header: reply.right.slice(0, CHANNEL_ID_SIZE),
      cipher: channel(engine, keys),
      waiting: new Map(),
      retired: false,
      unsubscribe: () => undefined,
    }
    const own = subject(subjects.controllerFrames(bytesToHex(controllerId)))
    if (closed) return undefined
    open.unsubscribe = bus.listen(own, (frame) => receive(open, frame))
    channels.add(open)
    return open
  }

  const current = async (): Promise<Open | undefined> => {
    const mine = (opening ??= connect())
    const open = await mine
    if (opening === mine) live = open
    if (open === undefined && opening === mine) opening = undefined
    return open
  }

  const leave = (open: Open): void => {
    if (channels.delete(open)) open.unsubscribe()
  }

  /** The next request makes a new channel; what is still under way on this one may yet be answered. */
  const retire = (open: Open): void => {
    open.retired = true
    if (open.waiting.size === 0) leave(open)
    if (live !== open) return
    live = undefined
    opening = undefined
  }

  const exchange = (open: Open, operation: number, body: Uint8Array, timeoutMillis: number) =>
    new Promise<SessionReply | undefined>((resolve) => {
      const requestId = nextRequestId++
      const finish: Waiting = (reply) => {
        cancel()
        open.waiting.delete(requestId)
        if (open.retired && open.waiting.size === 0) leave(open)
        resolve(reply)
      }
      const cancel = clock.after(timeoutMillis, () => finish(undefined))
      open.waiting.set(requestId, finish)
      const sealed = open.cipher.seal(encodeRequests([{ requestId, operation, session: 0, body }]), open.header)
      const frame = new Uint8Array(CHANNEL_ID_SIZE + sealed.length)
      frame.set(open.header)
      frame.set(sealed, CHANNEL_ID_SIZE)
      bus.send(subject(subjects.controlFrames(availabilityZone)), frame)
    })

  const unreachable = E.left({ _tag: 'RackUnreachable', availabilityZone } as const)

  return {
    request: async (name, request, timeoutMillis) => {
      const codecs = CONTROL_OPERATIONS[name]
      const open = await current()
      if (open === undefined) return unreachable
      const body = utf8Bytes(canonicalJson(codecs.request.encode(request as never)))
      const reply = await exchange(open, CONTROL_OPERATION[name], body, timeoutMillis)
      if (reply === undefined) {
        retire(open)
        return unreachable
      }
      if (reply.ckr !== CKR.CKR_OK) {
        const refusal = ControlRefusal.decode(parseJsonBytes(reply.body))
        if (E.isRight(refusal)) return E.left({ _tag: 'ControlRefused', refusal: refusal.right })
        return unreachable
      }
      const decoded = codecs.reply.decode(parseJsonBytes(reply.body))
      return E.isRight(decoded) ? E.right(decoded.right as never) : unreachable
    },
    close: () => {
      closed = true
      for (const open of channels) {
        leave(open)
        for (const finish of open.waiting.values()) finish(undefined)
      }
    },
  }
}
