import * as E from 'fp-ts/lib/Either.js'
import { subject } from '@hsmlab/ports'
import { ClusterMemberships, type Membership, subjects } from '@hsmlab/protocol'
import { readBytes } from '../json.ts'
import { CONNECT_MILLIS, RECONNECT_BACKOFF } from '../limits.ts'
import { jittered } from '../link/connect-link.ts'
import type { Cluster } from '../state.ts'
import { trustFailureText } from '../trust/trust-failure.ts'
import { verifyHello } from '../trust/verify-hello.ts'
import { verifyMembership } from '../trust/verify-membership.ts'
import { anyAlive } from './reach.ts'
import { stir } from './stir.ts'

const NO_BYTES = new Uint8Array(0)

/** Asks one of the configured addresses ("configure -a"): any HSM of the cluster knows the others. */
const askAddress = async (cluster: Cluster, address: string): Promise<Membership | undefined> => {
  const { env, settings, clusterId } = cluster
  const answer = await env.bus.request(subject(subjects.helloAt(address)), NO_BYTES, CONNECT_MILLIS)()
  if (E.isLeft(answer)) return undefined
  const trust = { engine: env.engine, certificates: env.certificates, ...settings }
  const hsm = verifyHello(trust, { clusterId, hsmId: undefined }, answer.right, env.clock.wallMicros())
  if (E.isRight(hsm)) return hsm.right.membership
  env.logger.log('warn', 'HSM is not believed', { address, why: trustFailureText(hsm.left) })
  return undefined
}

/** What the controller tells to who knows no address; which cluster is meant must be clear. */
const askController = async (cluster: Cluster): Promise<Membership | undefined> => {
  const { env, settings, clusterId } = cluster
  const answer = await env.bus.request(subject(subjects.memberships), NO_BYTES, CONNECT_MILLIS)()
  const told = E.isRight(answer) ? readBytes(ClusterMemberships, answer.right) : undefined
  const memberships = (told?.memberships ?? []).flatMap((signed) => {
    const verified = verifyMembership(env.engine, settings.controllerKey, signed)
    if (E.isRight(verified)) return [verified.right]
    env.logger.log('warn', 'membership refused', { why: trustFailureText(verified.left) })
    return []
  })
  if (clusterId !== undefined) return memberships.find((membership) => membership.clusterId === clusterId)
  return memberships.length === 1 ? memberships[0] : undefined
}

const newest = (memberships: ReadonlyArray<Membership | undefined>): Membership | undefined => {
  const [first, ...rest] = memberships.filter((membership) => membership !== undefined)
  // The configured HSMs must be of one cluster; the first address says of which.
  return rest.reduce(
    (best, next) => (best && next.clusterId === best.clusterId && next.version > best.version ? next : best),
    first,
  )
}

export const needsBootstrap = (cluster: Cluster): boolean =>
  !cluster.bootstrapping && cluster.now >= cluster.bootstrapAt && !anyAlive(cluster)

/**
 * One attempt to learn the membership. It is also made when no HSM of the known membership can be heard: they may all
 * have been replaced.
 */
export const bootstrap = async (cluster: Cluster, learn: (membership: Membership) => void): Promise<void> => {
  const { servers } = cluster.settings
  cluster.bootstrapping = true
  const asked = servers.length > 0 ? servers.map((server) => askAddress(cluster, server)) : [askController(cluster)]
  const membership = newest(await Promise.all(asked))
  cluster.bootstrapping = false
  cluster.bootstrapAt = cluster.now + jittered(cluster, cluster.bootstrapWait)
  cluster.bootstrapWait =
    membership === undefined ? Math.min(cluster.bootstrapWait * 2, RECONNECT_BACKOFF.max) : RECONNECT_BACKOFF.max
  if (membership !== undefined) learn(membership)
  stir(cluster)
}
