import {
  decodeBeat,
  decodeReplies,
  encodeBeat,
  encodeRequests,
  FRAME_SIZE_MAX,
  OPERATION,
  PROXY_ID_SIZE,
  type Member,
  REQUEST_HEADER_SIZE,
  type SessionRequest,
  subjects,
} from '@hsmlab/protocol'
import { subject } from '@hsmlab/ports'
import { toHex } from '../hex.ts'
import { RECONNECT_BACKOFF, RESEND_BACKOFF, SUSPECT_MILLIS } from '../limits.ts'
import type { Cluster, FrameChannel, Link, Loss, Reply, Request } from '../state.ts'
import { FRAME_OVERHEAD } from './channel.ts'

/** What a link tells those who use it. */
export interface LinkEvents {
  readonly replied: (request: Request, reply: Reply) => void
  readonly lost: (request: Request, why: Loss) => void
  /** A first channel, or another one: nothing of the old one is left. */
  readonly opened: (link: Link) => void
  /** An HSM says that the membership has changed. */
  readonly membershipChanged: (link: Link) => void
}

const PLAINTEXT_MAX = FRAME_SIZE_MAX - FRAME_OVERHEAD
/** The longest request that a frame can carry. */
export const BODY_SIZE_MAX = PLAINTEXT_MAX - REQUEST_HEADER_SIZE

export const makeLink = (cluster: Cluster, member: Member, events: LinkEvents): Link => {
  const proxyId = cluster.env.random.bytes(PROXY_ID_SIZE)
  const link: Link = {
    member,
    framesTo: subject(subjects.hsmFrames(member.hsmId)),
    proxyId,
    pending: new Map(),
    outbox: [],
    beatDue: false,
    flushing: false,
    channel: undefined,
    generation: 0,
    nextRequestId: 1,
    alive: false,
    heard: false,
    silence: Infinity,
    serving: false,
    asksMembership: false,
    connecting: false,
    attempted: false,
    connectAt: 0,
    connectWait: RECONNECT_BACKOFF.first,
    closed: false,
    droppedFrames: 0,
    unsubscribe: () => undefined,
  }
  link.unsubscribe = cluster.env.bus.listen(subject(subjects.proxyFrames(toHex(proxyId))), (frame) =>
    receive(cluster, link, events, frame),
  )
  return link
}

/** The membership version that is known here, for beats; 0 before the first. */
const membershipVersion = ({ membership }: Cluster): number => membership?.version ?? 0

/** Puts `request` on the link; it is sent with the next microtask, together with what else comes until then. */
export const post = (cluster: Cluster, link: Link, request: Request): void => {
  request.requestId = link.nextRequestId
  link.nextRequestId = (link.nextRequestId % 0xffff_ffff) + 1
  request.resendWait = RESEND_BACKOFF.first
  request.resendAt = cluster.now + request.resendWait
  link.pending.set(request.requestId, request)
  send(cluster, link, request)
}

/** Takes `request` off the link: an answer that still comes is nobody's. */
export const withdraw = (link: Link, request: Request): void => {
  link.pending.delete(request.requestId)
  request.requestId = 0
}

const send = (cluster: Cluster, link: Link, request: Request): void => {
  link.outbox.push(request)
  scheduleFlush(cluster, link)
}

const scheduleFlush = (cluster: Cluster, link: Link): void => {
  if (link.flushing) return
  link.flushing = true
  void resolved.then(() => flush(cluster, link))
}
const resolved = Promise.resolve()

const flush = (cluster: Cluster, link: Link): void => {
  link.flushing = false
  const waiting = link.outbox
  link.outbox = []
  if (link.channel === undefined || link.closed) return
  let frame: SessionRequest[] = []
  let size = 0
  let secret = false
  if (link.beatDue) {
    const body = beatBody(cluster, link)
    frame.push({ requestId: 0, operation: OPERATION.beat, session: 0, body })
    size += REQUEST_HEADER_SIZE + body.length
    link.beatDue = false
  }
  for (const request of waiting) {
    if (request.requestId === 0 || link.pending.get(request.requestId) !== request) continue
    const length = REQUEST_HEADER_SIZE + request.body.length
    if (size + length > PLAINTEXT_MAX && frame.length > 0) {
      sendFrame(cluster, link, link.channel, frame, secret)
      frame = []
      size = 0
      secret = false
    }
    frame.push(request)
    size += length
    secret ||= request._tag === 'ask' && request.secret
  }
  if (frame.length > 0) sendFrame(cluster, link, link.channel, frame, secret)
}

const sendFrame = (
  { env }: Cluster,
  { framesTo }: Link,
  channel: FrameChannel,
  requests: ReadonlyArray<SessionRequest>,
  secret: boolean,
): void => {
  const plaintext = encodeRequests(requests)
  env.bus.send(framesTo, channel.seal(plaintext))
  if (secret) plaintext.fill(0)
}

const beatBody = (cluster: Cluster, { pending }: Link): Uint8Array =>
  encodeBeat({ membershipVersion: membershipVersion(cluster), position: 0, serving: true, outstanding: pending.size })

const receive = (cluster: Cluster, link: Link, events: LinkEvents, frame: Uint8Array): void => {
  if (link.closed) return
  const plaintext = link.channel?.open(frame)
  const replies = plaintext && decodeReplies(plaintext)
  if (replies === undefined) {
    link.droppedFrames += 1
    return
  }
  hear(cluster, link)
  for (const reply of replies) {
    if (reply.requestId === 0) {
      takeBeat(cluster, link, events, reply.body)
      continue
    }
    const request = link.pending.get(reply.requestId)
    if (request === undefined) continue
    withdraw(link, request)
    events.replied(request, reply)
  }
}

const takeBeat = (cluster: Cluster, link: Link, events: LinkEvents, body: Uint8Array): void => {
  const beat = decodeBeat(body)
  if (beat === undefined) return
  link.serving = beat.serving
  if (beat.membershipVersion > membershipVersion(cluster)) events.membershipChanged(link)
}

/** An HSM that is heard again is sent at once what it may have missed. */
const hear = (cluster: Cluster, link: Link): void => {
  link.heard = true
  link.silence = 0
  if (link.alive) return
  link.alive = true
  link.connectWait = RECONNECT_BACKOFF.first
  cluster.env.logger.log('info', 'HSM is heard again', { hsmId: link.member.hsmId })
  for (const request of link.pending.values()) resend(cluster, link, request)
}

const resend = (cluster: Cluster, link: Link, request: Request): void => {
  request.resendWait = Math.min(request.resendWait * 2, RESEND_BACKOFF.max)
  request.resendAt = cluster.now + request.resendWait
  send(cluster, link, request)
}

/** Uses `channel` from now on. What stood on the old one has lost its session. */
export const installChannel = (cluster: Cluster, link: Link, channel: FrameChannel, events: LinkEvents): void => {
  const orphans = [...link.pending.values()]
  link.channel = channel
  link.generation += 1
  link.nextRequestId = 1
  link.pending.clear()
  link.outbox = []
  link.alive = true
  link.heard = true
  link.silence = 0
  link.serving = false
  link.connectWait = RECONNECT_BACKOFF.first
  for (const request of orphans) lose(events, request, 'channel')
  beat(cluster, link)
  events.opened(link)
}

const lose = (events: LinkEvents, request: Request, why: Loss): void => {
  request.requestId = 0
  events.lost(request, why)
}

export const beat = (cluster: Cluster, link: Link): void => {
  if (link.channel === undefined) return
  link.beatDue = true
  scheduleFlush(cluster, link)
}

/** Looks at silence and at every request that waits. `elapsed`: milliseconds for which this process was awake. */
export const tickLink = (cluster: Cluster, link: Link, elapsed: number, events: LinkEvents): void => {
  if (link.heard) link.heard = false
  else link.silence += elapsed
  if (link.alive && link.silence >= SUSPECT_MILLIS) {
    link.alive = false
    cluster.env.logger.log('warn', 'HSM is silent', { hsmId: link.member.hsmId, outstanding: link.pending.size })
  }
  for (const request of link.pending.values()) lookAfter(cluster, link, request, events)
}

const lookAfter = (cluster: Cluster, link: Link, request: Request, events: LinkEvents): void => {
  const isGivenUp = request._tag === 'call' ? !link.alive : link.silence > request.patience
  const isLate = cluster.now >= request.deadline
  if (isLate || isGivenUp) {
    withdraw(link, request)
    lose(events, request, isLate ? 'deadline' : 'silent')
    return
  }
  if (link.alive && cluster.now >= request.resendAt) resend(cluster, link, request)
}

/** For good: the HSM has left the cluster, or the client ends. */
export const closeLink = (link: Link, events: LinkEvents): void => {
  const orphans = [...link.pending.values()]
  link.closed = true
  link.alive = false
  link.silence = Infinity
  link.channel = undefined
  link.pending.clear()
  link.outbox = []
  link.unsubscribe()
  for (const request of orphans) lose(events, request, 'closed')
}
