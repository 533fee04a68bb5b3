import * as E from 'fp-ts/lib/Either.js'
import type { Tagged } from '@hsmlab/event-sourcing'
import { type RequestFailure, sleep, subject } from '@hsmlab/ports'
import { type Membership, subjects } from '@hsmlab/protocol'
import { BEAT_MILLIS, CONNECT_MILLIS, RECONNECT_BACKOFF, RECONNECT_MILLIS, SUSPECT_MILLIS } from '../limits.ts'
import type { Cluster, FrameChannel, Link } from '../state.ts'
import { type TrustFailure, trustFailureText } from '../trust/trust-failure.ts'
import { type KnownHsm, verifyHello } from '../trust/verify-hello.ts'
import { openChannel } from './channel.ts'
import { installChannel, type LinkEvents } from './link.ts'

const NO_BYTES = new Uint8Array(0)

type ConnectFailure =
  | RequestFailure
  | TrustFailure
  /** The reply to the handshake was not made by the HSM. */
  | Tagged<'HandshakeForged'>
  /** The old channel was heard again meanwhile. */
  | Tagged<'ChannelSurvived'>
  | Tagged<'LinkClosed'>

/** Half to all of `wait`, so that many clients do not come at once. */
export const jittered = ({ env }: Cluster, wait: number): number => wait * (0.5 + (env.random.bytes(1)[0] ?? 0) / 512)

export const needsConnection = (cluster: Cluster, link: Link): boolean =>
  !link.closed &&
  !link.connecting &&
  cluster.now >= link.connectAt &&
  (link.channel === undefined || link.silence >= RECONNECT_MILLIS)

const askHello = async (cluster: Cluster, hsmId: string): Promise<E.Either<ConnectFailure, KnownHsm>> => {
  const { env, settings, clusterId } = cluster
  const answer = await env.bus.request(subject(subjects.hello(hsmId)), NO_BYTES, CONNECT_MILLIS)()
  if (E.isLeft(answer)) return answer
  const trust = { engine: env.engine, certificates: env.certificates, ...settings }
  return verifyHello(trust, { clusterId, hsmId }, answer.right, env.clock.wallMicros())
}

/** A channel survives a partition, and its sessions with it: it gets the time of three beats to show itself. */
const oldChannelShowsItself = async ({ env }: Cluster, link: Link): Promise<boolean> => {
  if (link.channel === undefined) return false
  await sleep(env.clock, 3 * BEAT_MILLIS)
  return link.silence < SUSPECT_MILLIS
}

const makeChannel = async (
  cluster: Cluster,
  link: Link,
  learn: (membership: Membership) => void,
): Promise<E.Either<ConnectFailure, FrameChannel>> => {
  const hsm = await askHello(cluster, link.member.hsmId)
  if (E.isLeft(hsm)) return hsm
  learn(hsm.right.membership)
  if (await oldChannelShowsItself(cluster, link)) return E.left({ _tag: 'ChannelSurvived' })
  if (link.closed) return E.left({ _tag: 'LinkClosed' })

  const { request, complete } = openChannel(cluster.env.engine, hsm.right, link.proxyId)
  const to = subject(subjects.handshake(link.member.hsmId))
  const reply = await cluster.env.bus.request(to, request, CONNECT_MILLIS)()
  if (E.isLeft(reply)) return reply
  const channel = complete(reply.right)
  if (channel === undefined) return E.left({ _tag: 'HandshakeForged' })
  return link.closed ? E.left({ _tag: 'LinkClosed' }) : E.right(channel)
}

const textOf = (why: ConnectFailure): string => (why._tag === 'CertificateRejected' ? trustFailureText(why) : why._tag)

/** One attempt: hello, verification, handshake. The next one, if this fails, comes after a growing wait. */
export const connectLink = async (
  cluster: Cluster,
  link: Link,
  events: LinkEvents,
  learn: (membership: Membership) => void,
): Promise<void> => {
  link.connecting = true
  const channel = await makeChannel(cluster, link, learn)
  link.connecting = false
  link.attempted = true
  if (E.isRight(channel)) {
    cluster.env.logger.log('info', 'channel to HSM opened', { hsmId: link.member.hsmId, channel: link.generation + 1 })
    installChannel(cluster, link, channel.right, events)
    return
  }
  link.connectAt = cluster.now + jittered(cluster, link.connectWait)
  link.connectWait = Math.min(link.connectWait * 2, RECONNECT_BACKOFF.max)
  const why = channel.left._tag
  if (why === 'ChannelSurvived' || why === 'LinkClosed') return
  const isNews = why !== 'NoResponder' && why !== 'RequestTimedOut' && why !== 'OutcomeUnknown'
  cluster.env.logger.log(isNews ? 'warn' : 'debug', 'HSM cannot be connected', {
    hsmId: link.member.hsmId,
    why: textOf(channel.left),
  })
}
