import { bytesToHex } from '@noble/hashes/utils.js'
import { type Channel, channel, handshake, type X25519KeyPair } from '@hsmlab/crypto'
import { invariant, utf8Bytes } from '@hsmlab/event-sourcing'
import { subject, type Subject, type Unsubscribe } from '@hsmlab/ports'
import {
  CHANNEL_ID_SIZE,
  channelPrologue,
  decodeRequests,
  encodeBeat,
  encodeReplies,
  FRAME_SIZE_MAX,
  OPERATION,
  PROXY_ID_SIZE,
  type SessionReply,
  type SessionRequest,
  subjects,
} from '@hsmlab/protocol'
import type { Beat } from '@hsmlab/protocol'
import type { HsmEnv } from './hsm-env.ts'
import { type Answer, refuse, sessionReply } from './reply.ts'

/** Proxies that one HSM talks to at a time ("AWS CloudHSM quotas": concurrent client connections). */
export const CHANNELS_MAX = 900
export const BEAT_MILLIS = 50
/** A proxy that was silent for so long is gone; its sessions are closed. */
export const PROXY_TIMEOUT_MILLIS = 60_000
/** Requests of one channel that are under way at once; more are answered with the HSM's busy code. */
const OUTSTANDING_MAX = 1024
/** Answers kept for a proxy that asks again. Crypto operations are not: they may run twice. */
const REMEMBERED_ANSWERS_MAX = 128
/** Replies in one frame: well below the largest frame. */
const FRAME_FILL = FRAME_SIZE_MAX / 2

const BUSY: Answer = refuse('CKR_FUNCTION_FAILED', 'The HSM could not queue the request for processing.', 187)
const FAULT: Answer = refuse('CKR_GENERAL_ERROR', 'The HSM could not work out the request.')
const NOTHING = new Uint8Array(0)

type ProxyChannel = {
  readonly id: string
  readonly header: Uint8Array
  readonly replyTo: Subject
  readonly cipher: Channel
  readonly outstanding: Set<number>
  readonly answers: Map<number, Answer>
  replies: SessionReply[]
  flushPlanned: boolean
  lastHeard: number
}

export type ChannelServerPart = Readonly<{
  clusterId: string
  hsmId: string
  eniIp: string
  staticKey: X25519KeyPair
  /** What anybody is told who asks; `undefined` while there is nothing to tell. */
  hello: () => Uint8Array | undefined
  answer: (channelId: string, request: SessionRequest) => Answer | Promise<Answer>
  beat: () => Beat
  /** All sessions of this channel end. */
  ended: (channelId: string) => void
}>

export interface ChannelServer {
  readonly outstanding: () => number
  /** Frames that were stale, forged or of no channel. */
  readonly dropped: () => number
  readonly close: () => void
}

/** Serves the encrypted channels of one HSM: handshakes, frames in, frames out, beats, and the end of silent proxies. */
export const serveChannels = (env: HsmEnv, part: ChannelServerPart): ChannelServer => {
  const { bus, clock, engine, random } = env
  const prologue = utf8Bytes(channelPrologue(part.clusterId, part.hsmId))
  const channels = new Map<string, ProxyChannel>()
  let dropped = 0
  let outstanding = 0
  let closed = false

  const accept = (message: Uint8Array): Uint8Array => {
    const shake = handshake(engine, { pattern: 'NK', role: 'responder', prologue, staticKey: part.staticKey })
    const proxyId = message.subarray(0, PROXY_ID_SIZE)
    if (proxyId.length < PROXY_ID_SIZE || shake.read(message.subarray(PROXY_ID_SIZE)) === undefined) return NOTHING
    const answer = shake.write(NOTHING)
    const keys = shake.result()
    if (answer === undefined || keys === undefined || channels.size >= CHANNELS_MAX) return NOTHING
    const header = random.bytes(CHANNEL_ID_SIZE)
    const id = bytesToHex(header)
    channels.set(id, {
      id,
      header,
      replyTo: subject(subjects.proxyFrames(bytesToHex(proxyId))),
      cipher: channel(engine, keys),
      outstanding: new Set(),
      answers: new Map(),
      replies: [],
      flushPlanned: false,
      lastHeard: clock.monotonicMillis(),
    })
    const reply = new Uint8Array(CHANNEL_ID_SIZE + answer.length)
    reply.set(header)
    reply.set(answer, CHANNEL_ID_SIZE)
    return reply
  }

  const sendFrame = (to: ProxyChannel, replies: ReadonlyArray<SessionReply>): void => {
    const sealed = to.cipher.seal(encodeReplies(replies), to.header)
    const frame = new Uint8Array(CHANNEL_ID_SIZE + sealed.length)
    frame.set(to.header)
    frame.set(sealed, CHANNEL_ID_SIZE)
    bus.send(to.replyTo, frame)
  }

  const flush = (to: ProxyChannel): void => {
    to.flushPlanned = false
    const { replies } = to
    to.replies = []
    if (closed || replies.length === 0) return
    let batch: SessionReply[] = []
    let size = 0
    for (const reply of replies) {
      if (size + reply.body.length > FRAME_FILL && batch.length > 0) {
        sendFrame(to, batch)
        batch = []
        size = 0
      }
      batch.push(reply)
      size += reply.body.length
    }
    sendFrame(to, batch)
  }

  const reply = (to: ProxyChannel, requestId: number, answer: Answer): void => {
    to.replies.push(sessionReply(requestId, answer))
    if (to.flushPlanned) return
    to.flushPlanned = true
    void Promise.resolve().then(() => flush(to))
  }

  const remember = (of: ProxyChannel, { operation, requestId }: SessionRequest, answer: Answer): void => {
    if (operation <= OPERATION.random) return
    of.answers.set(requestId, answer)
    if (of.answers.size <= REMEMBERED_ANSWERS_MAX) return
    for (const oldest of of.answers.keys()) {
      of.answers.delete(oldest)
      return
    }
  }

  const answerLater = async (from: ProxyChannel, request: SessionRequest, later: Promise<Answer>): Promise<void> => {
    from.outstanding.add(request.requestId)
    outstanding += 1
    const answer = await later.catch((cause: unknown) => {
      env.logger.log('error', 'an operation failed unexpectedly', {
        operation: request.operation,
        cause: String(cause),
      })
      return FAULT
    })
    outstanding -= 1
    from.outstanding.delete(request.requestId)
    remember(from, request, answer)
    reply(from, request.requestId, answer)
  }

  const handle = (from: ProxyChannel, request: SessionRequest): void => {
    if (request.operation === OPERATION.beat || from.outstanding.has(request.requestId)) return
    const known = from.answers.get(request.requestId)
    if (known !== undefined) return reply(from, request.requestId, known)
    if (from.outstanding.size >= OUTSTANDING_MAX) return reply(from, request.requestId, BUSY)
    const answer = part.answer(from.id, request)
    if (answer instanceof Promise) return void answerLater(from, request, answer)
    remember(from, request, answer)
    reply(from, request.requestId, answer)
  }

  const receive = (frame: Uint8Array): void => {
    const header = frame.subarray(0, CHANNEL_ID_SIZE)
    const from = channels.get(bytesToHex(header))
    const plaintext = from?.cipher.open(frame.subarray(CHANNEL_ID_SIZE), header)
    const requests = plaintext === undefined ? undefined : decodeRequests(plaintext)
    if (from === undefined || requests === undefined) {
      dropped += 1
      return
    }
    from.lastHeard = clock.monotonicMillis()
    for (const request of requests) handle(from, request)
  }

  const tick = (): void => {
    if (closed) return
    const now = clock.monotonicMillis()
    const beat = encodeBeat(part.beat())
    for (const each of channels.values()) {
      if (now - each.lastHeard > PROXY_TIMEOUT_MILLIS) {
        channels.delete(each.id)
        part.ended(each.id)
      } else {
        sendFrame(each, [...each.replies.splice(0), { requestId: 0, ckr: 0, hsmReturn: 0, body: beat }])
      }
    }
    cancelTick = clock.after(BEAT_MILLIS, tick)
  }

  const tell = async (): Promise<Uint8Array> => part.hello() ?? NOTHING
  const subscriptions: ReadonlyArray<Unsubscribe> = [
    bus.serve(subject(subjects.hello(part.hsmId)), tell),
    bus.serve(subject(subjects.helloAt(part.eniIp)), tell),
    bus.serve(subject(subjects.handshake(part.hsmId)), async (message) => accept(message)),
    bus.listen(subject(subjects.hsmFrames(part.hsmId)), receive),
  ]
  let cancelTick = clock.after(BEAT_MILLIS, tick)

  return {
    outstanding: () => outstanding,
    dropped: () => dropped,
    close: () => {
      invariant(!closed, 'a channel server is closed once')
      closed = true
      cancelTick()
      for (const end of subscriptions) end()
      channels.clear()
    },
  }
}
