import { bytesToHex } from '@noble/hashes/utils.js'
import { channel, handshake, type X25519KeyPair } from '@hsmlab/crypto'
import { invariant, utf8Bytes } from '@hsmlab/event-sourcing'
import { subject, type Unsubscribe } from '@hsmlab/ports'
import {
  type Beat,
  CHANNEL_ID_SIZE,
  channelPrologue,
  decodeRequests,
  encodeBeat,
  OPERATION,
  PROXY_ID_SIZE,
  type SessionRequest,
  subjects,
} from '@hsmlab/protocol'
import { dropCounter } from '../drops/drop-counter.ts'
import type { HsmEnv } from './hsm-env.ts'
import {
  begin,
  BUSY,
  channelKey,
  end,
  proxyChannel,
  type ProxyChannel,
  queue,
  remember,
  takeFrames,
} from './proxy-channel.ts'
import { type Answer, refuse } from './reply.ts'

/** Proxies that one HSM talks to at a time ("AWS CloudHSM quotas": concurrent client connections). */
export const CHANNELS_MAX = 900
export const BEAT_MILLIS = 50
/** A proxy that was silent for so long is gone; its sessions are closed. */
export const PROXY_TIMEOUT_MILLIS = 60_000
/** Whoever shook hands sends a frame at once. Anybody can send a handshake, or repeat one that was heard. */
export const PROOF_MILLIS = 5000
/** Requests of one channel that are under way at once, and their bytes; more are answered with the HSM's busy code. */
const OUTSTANDING_MAX = 1024
const OUTSTANDING_BYTES_MAX = 32 * 1024 * 1024

const FAULT: Answer = refuse('CKR_GENERAL_ERROR', 'The HSM could not work out the request.')
const NOTHING = new Uint8Array(0)

/** A proxy that asks again for these is told what it was told before; all others may be worked out again. */
const REMEMBERED: ReadonlySet<number> = new Set([
  OPERATION.login,
  OPERATION.changePassword,
  OPERATION.createUser,
  OPERATION.openSession,
  OPERATION.closeSession,
  OPERATION.logout,
  OPERATION.endTag,
  OPERATION.deleteUser,
  OPERATION.generateKey,
  OPERATION.generateKeyPair,
  OPERATION.extractKey,
  OPERATION.insertKey,
  OPERATION.destroyKey,
])

const WITH_PASSWORD: ReadonlySet<number> = new Set([OPERATION.login, OPERATION.changePassword, OPERATION.createUser])

export type ChannelServerPart = Readonly<{
  clusterId: string
  hsmId: string
  eniIp: string
  staticKey: X25519KeyPair
  /** What anybody is told who asks; `undefined` while there is nothing to tell. */
  hello: () => Uint8Array | undefined
  answer: (channelId: string, request: SessionRequest) => Answer | Promise<Answer>
  beat: () => Beat
  /** Somebody is logged in over this channel: it makes room for no other. */
  isInUse: (channelId: string) => boolean
  /** All sessions of this channel end. */
  ended: (channelId: string) => void
  /** Default: CloudHSM's quota. */
  channelsMax?: number
}>

export interface ChannelServer {
  readonly outstanding: () => number
  /** Frames that were stale, forged or of no channel. */
  readonly dropped: () => number
  readonly close: () => void
}

const resolved = Promise.resolve()

/** Serves the encrypted channels of one HSM: handshakes, frames in, frames out, beats, and the end of silent proxies. */
export const serveChannels = (env: HsmEnv, part: ChannelServerPart): ChannelServer => {
  const { bus, clock, engine, logger, random } = env
  const { channelsMax = CHANNELS_MAX } = part
  const prologue = utf8Bytes(channelPrologue(part.clusterId, part.hsmId))
  const channels = new Map<number, ProxyChannel>()
  const drops = dropCounter(logger, 'a frame was dropped: stale, forged or of no channel', { hsmId: part.hsmId })
  let outstanding = 0
  let closed = false

  const drop = ({ key, id }: ProxyChannel): void => {
    channels.delete(key)
    part.ended(id)
  }

  /** One that never showed itself goes first; then the one that was silent longest, if nobody is logged in on it. */
  const makeRoom = (): boolean => {
    if (channels.size < channelsMax) return true
    const all = [...channels.values()]
    const bySilence = (a: ProxyChannel, b: ProxyChannel): number => a.lastHeard - b.lastHeard
    const dispensable =
      all.find(({ proven }) => !proven) ?? all.filter(({ id }) => !part.isInUse(id)).toSorted(bySilence)[0]
    if (dispensable === undefined) return false
    drop(dispensable)
    return true
  }

  const freeHeader = (): Uint8Array => {
    const header = random.bytes(CHANNEL_ID_SIZE)
    return channels.has(channelKey(header)) ? freeHeader() : header
  }

  const accept = (message: Uint8Array): Uint8Array => {
    const shake = handshake(engine, { pattern: 'NK', role: 'responder', prologue, staticKey: part.staticKey })
    const proxyId = message.subarray(0, PROXY_ID_SIZE)
    if (proxyId.length < PROXY_ID_SIZE || shake.read(message.subarray(PROXY_ID_SIZE)) === undefined) return NOTHING
    const answer = shake.write(NOTHING)
    const keys = shake.result()
    if (answer === undefined || keys === undefined || !makeRoom()) return NOTHING
    const header = freeHeader()
    const [key, id] = [channelKey(header), bytesToHex(header)]
    const replyTo = subject(subjects.proxyFrames(bytesToHex(proxyId)))
    const cipher = channel(engine, keys)
    channels.set(key, proxyChannel({ key, id, header, replyTo, cipher, lastHeard: clock.monotonicMillis() }))
    const reply = new Uint8Array(CHANNEL_ID_SIZE + answer.length)
    reply.set(header)
    reply.set(answer, CHANNEL_ID_SIZE)
    return reply
  }

  const flush = (to: ProxyChannel): void => {
    to.flushPlanned = false
    if (closed || channels.get(to.key) !== to) return
    for (const frame of takeFrames(to)) bus.send(to.replyTo, frame)
  }

  const fault = (request: SessionRequest, cause: unknown): Answer => {
    logger.log('error', 'an operation failed unexpectedly', { operation: request.operation, cause: String(cause) })
    return FAULT
  }

  const flushFor = (to: ProxyChannel, request: SessionRequest): void => {
    try {
      flush(to)
    } catch (cause) {
      fault(request, cause)
    }
  }

  /** Sent with the next microtask, together with what else comes until then. */
  const reply = (to: ProxyChannel, request: SessionRequest, answer: Answer): void => {
    queue(to, request.requestId, answer)
    if (to.flushPlanned) return
    to.flushPlanned = true
    void resolved.then(() => flushFor(to, request))
  }

  const settle = (from: ProxyChannel, request: SessionRequest, answer: Answer): void => {
    if (REMEMBERED.has(request.operation)) remember(from, request.requestId, answer)
    reply(from, request, answer)
  }

  const settleLater = async (from: ProxyChannel, request: SessionRequest, later: Promise<Answer>): Promise<void> => {
    begin(from, request)
    outstanding += 1
    const answer = await later.catch((cause: unknown) => fault(request, cause))
    outstanding -= 1
    end(from, request)
    settle(from, request, answer)
  }

  const answerTo = (from: ProxyChannel, request: SessionRequest): Answer | Promise<Answer> => {
    try {
      return part.answer(from.id, request)
    } catch (cause) {
      return fault(request, cause)
    }
  }

  const isFull = ({ outstanding: requests, outstandingBytes }: ProxyChannel): boolean =>
    requests.size >= OUTSTANDING_MAX || outstandingBytes >= OUTSTANDING_BYTES_MAX

  /** An operation that takes its time wipes its own password; what does not come so far is wiped here. */
  const wipe = ({ operation, body }: SessionRequest): void => {
    if (WITH_PASSWORD.has(operation)) body.fill(0)
  }

  const handle = (from: ProxyChannel, request: SessionRequest): void => {
    const { requestId, operation } = request
    if (operation === OPERATION.beat || requestId === 0) return
    if (from.outstanding.has(requestId)) return wipe(request)
    const known = from.answers.get(requestId)
    const answer = known ?? (isFull(from) ? BUSY : answerTo(from, request))
    if (answer instanceof Promise) return void settleLater(from, request, answer)
    wipe(request)
    if (answer === known || answer === BUSY) reply(from, request, answer)
    else settle(from, request, answer)
  }

  const receive = (frame: Uint8Array): void => {
    const header = frame.subarray(0, CHANNEL_ID_SIZE)
    const from = channels.get(channelKey(header))
    const plaintext = from?.cipher.open(frame.subarray(CHANNEL_ID_SIZE), header)
    const requests = plaintext === undefined ? undefined : decodeRequests(plaintext)
    if (from === undefined || requests === undefined) return drops.add()
    from.proven = true
    from.lastHeard = clock.monotonicMillis()
    for (const request of requests) handle(from, request)
  }

  const tick = (): void => {
    if (closed) return
    const now = clock.monotonicMillis()
    const body = encodeBeat(part.beat())
    for (const each of channels.values()) {
      if (now - each.lastHeard > (each.proven ? PROXY_TIMEOUT_MILLIS : PROOF_MILLIS)) drop(each)
      else if (each.proven) {
        each.replies.push({ requestId: 0, ckr: 0, hsmReturn: 0, body })
        flush(each)
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
    dropped: drops.count,
    close: () => {
      invariant(!closed, 'a channel server is closed once')
      closed = true
      cancelTick()
      for (const unsubscribe of subscriptions) unsubscribe()
      channels.clear()
    },
  }
}
