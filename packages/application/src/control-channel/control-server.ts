import * as E from 'fp-ts/lib/Either.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { type Channel, channel, handshake, type X25519KeyPair } from '@hsmlab/crypto'
import { canonicalJson, parseJsonBytes, utf8Bytes } from '@hsmlab/event-sourcing'
import { CKR } from '@hsmlab/pkcs11'
import { type HasBus, type HasCryptoEngine, type HasLogger, type HasRandom, subject, type Subject } from '@hsmlab/ports'
import {
  CHANNEL_ID_SIZE,
  CONTROL_OPERATION,
  CONTROL_OPERATIONS,
  ControlNotification,
  type ControlOperationName,
  ControlRefusal,
  type ControlReplyOf,
  type ControlRequestOf,
  CONTROLLER_ID_SIZE,
  controlPrologue,
  decodeRequests,
  encodeReplies,
  type SessionReply,
  type SessionRequest,
  subjects,
} from '@hsmlab/protocol'
import { dropCounter } from '../drops/drop-counter.ts'

/** What a rack does for its controller: one function per control operation. */
export type ControlHandlers = {
  readonly [Name in ControlOperationName]: (
    request: ControlRequestOf<Name>,
  ) => Promise<E.Either<ControlRefusal, ControlReplyOf<Name>>>
}

export type ControlServerPart = Readonly<{
  availabilityZone: string
  rackKey: X25519KeyPair
  /** Raw X25519 public key of the one controller that is obeyed. */
  controllerKey: Uint8Array
  handlers: ControlHandlers
}>

export interface ControlServer {
  readonly notify: (notification: ControlNotification) => void
  readonly close: () => void
}

/** `proven`: a frame came that only the controller can have made; a handshake could be one that was heard before. */
type ControllerChannel = {
  readonly header: Uint8Array
  readonly replyTo: Subject
  readonly cipher: Channel
  proven: boolean
}

/** Channels that are kept: a controller that comes back makes a new one. */
const CHANNELS_MAX = 8
const NOTHING = new Uint8Array(0)

const NAMES = new Map(
  (Object.keys(CONTROL_OPERATIONS) as ReadonlyArray<ControlOperationName>).map((name) => [
    CONTROL_OPERATION[name] as number,
    name,
  ]),
)

const refused = (requestId: number, refusal: ControlRefusal): SessionReply => ({
  requestId,
  ckr: CKR.CKR_FUNCTION_FAILED,
  hsmReturn: 0,
  body: utf8Bytes(canonicalJson(ControlRefusal.encode(refusal))),
})

const MALFORMED: ControlRefusal = { code: 'malformed', message: 'That is no control command.' }

const answer = async (handlers: ControlHandlers, { requestId, operation, body }: SessionRequest) => {
  const name = NAMES.get(operation)
  if (name === undefined) return refused(requestId, MALFORMED)
  const { request, reply } = CONTROL_OPERATIONS[name]
  const decoded = request.decode(parseJsonBytes(body))
  if (E.isLeft(decoded)) return refused(requestId, MALFORMED)
  const handler = handlers[name] as (request: unknown) => Promise<E.Either<ControlRefusal, never>>
  const answered = await handler(decoded.right)
  if (E.isLeft(answered)) return refused(requestId, answered.left)
  const replyBody = utf8Bytes(canonicalJson(reply.encode(answered.right)))
  return { requestId, ckr: CKR.CKR_OK, hsmReturn: 0, body: replyBody }
}

/** Serves a rack's control channel: only the pinned controller gets one. */
export const serveControl = (
  env: HasBus & HasCryptoEngine & HasRandom & HasLogger,
  part: ControlServerPart,
): ControlServer => {
  const { bus, engine, logger, random } = env
  const { availabilityZone } = part
  const prologue = utf8Bytes(controlPrologue(availabilityZone))
  const handshakeDrops = dropCounter(logger, 'a handshake of no controller was dropped', { availabilityZone })
  const frameDrops = dropCounter(logger, 'a control frame was dropped: stale, forged or of no channel', {
    availabilityZone,
  })
  /** The one used last is the last. */
  const channels = new Map<string, ControllerChannel>()

  /** One that never showed itself goes first, else the one that was not used for longest. */
  const makeRoom = (): void => {
    if (channels.size < CHANNELS_MAX) return
    const [first] = [...channels].filter(([, { proven }]) => !proven).concat([...channels])
    if (first !== undefined) channels.delete(first[0])
  }

  const accept = (message: Uint8Array): Uint8Array => {
    const controllerId = message.subarray(0, CONTROLLER_ID_SIZE)
    const shake = handshake(engine, {
      pattern: 'KK',
      role: 'responder',
      prologue,
      staticKey: part.rackKey,
      remoteStatic: part.controllerKey,
    })
    if (shake.read(message.subarray(CONTROLLER_ID_SIZE)) === undefined) {
      handshakeDrops.add()
      return NOTHING
    }
    const reply = shake.write(NOTHING)
    const keys = shake.result()
    if (reply === undefined || keys === undefined) return NOTHING
    const header = random.bytes(CHANNEL_ID_SIZE)
    const replyTo = subject(subjects.controllerFrames(bytesToHex(controllerId)))
    makeRoom()
    channels.set(bytesToHex(header), { header, replyTo, cipher: channel(engine, keys), proven: false })
    return Uint8Array.of(...header, ...reply)
  }

  const send = ({ header, replyTo, cipher }: ControllerChannel, reply: SessionReply): void => {
    const sealed = cipher.seal(encodeReplies([reply]), header)
    const frame = new Uint8Array(CHANNEL_ID_SIZE + sealed.length)
    frame.set(header)
    frame.set(sealed, CHANNEL_ID_SIZE)
    bus.send(replyTo, frame)
  }

  const handle = async (from: ControllerChannel, request: SessionRequest): Promise<void> => {
    try {
      send(from, await answer(part.handlers, request))
    } catch (cause) {
      logger.log('error', 'a control command failed unexpectedly', { cause: String(cause) })
      const refusal: ControlRefusal = { code: 'damaged', message: 'The rack could not work out the command.' }
      send(from, refused(request.requestId, refusal))
    }
  }

  const receive = (frame: Uint8Array): void => {
    const header = frame.subarray(0, CHANNEL_ID_SIZE)
    const id = bytesToHex(header)
    const from = channels.get(id)
    const plaintext = from?.cipher.open(frame.subarray(CHANNEL_ID_SIZE), header)
    const requests = plaintext === undefined ? undefined : decodeRequests(plaintext)
    if (from === undefined || requests === undefined) return frameDrops.add()
    from.proven = true
    channels.delete(id)
    channels.set(id, from)
    for (const request of requests) void handle(from, request)
  }

  const ends = [
    bus.serve(subject(subjects.controlHandshake(part.availabilityZone)), async (message) => accept(message)),
    bus.listen(subject(subjects.controlFrames(part.availabilityZone)), receive),
  ]
  return {
    notify: (notification) => {
      const body = utf8Bytes(canonicalJson(ControlNotification.encode(notification)))
      for (const each of channels.values())
        if (each.proven) send(each, { requestId: 0, ckr: CKR.CKR_OK, hsmReturn: 0, body })
    },
    close: () => {
      for (const end of ends) end()
      channels.clear()
    },
  }
}
