import { abandonCalls, callLost, callReplied, retryParked } from './application/calls.ts'
import { linkJoined, linkLeft, linkOpened, restoreSeats } from './application/members-changed.ts'
import { openApplication } from './application/open-application.ts'
import { bootstrap, needsBootstrap } from './cluster/bootstrap.ts'
import { askMembership, type MemberEvents, startConnecting, takeMembership } from './cluster/members.ts'
import { anyAlive } from './cluster/reach.ts'
import { stir } from './cluster/stir.ts'
import type { ClusterClient, ClusterSettings, HsmConnection } from './face.ts'
import { BEAT_MILLIS, RECONNECT_BACKOFF, TICK_MILLIS } from './limits.ts'
import { needsConnection } from './link/connect-link.ts'
import { beat, closeLink, tickLink } from './link/link.ts'
import type { ClientEnv, Cluster, Link } from './state.ts'

const newCluster = (env: ClientEnv, settings: ClusterSettings): Cluster => ({
  env,
  settings,
  clusterId: settings.clusterId,
  membership: undefined,
  links: [],
  applications: new Set(),
  parked: [],
  calls: 0,
  highestStamp: undefined,
  deleted: new Set(),
  now: env.clock.monotonicMillis(),
  awakeSince: env.clock.monotonicMillis(),
  waiters: [],
  bootstrapping: false,
  bootstrapAt: 0,
  bootstrapWait: RECONNECT_BACKOFF.first,
  closed: false,
})

const eventsOf = (cluster: Cluster): MemberEvents => {
  const events: MemberEvents = {
    replied: (request, reply) => (request._tag === 'call' ? callReplied(request, reply) : request.resolve({ reply })),
    lost: (request, loss) => (request._tag === 'call' ? callLost(request, loss) : request.resolve({ loss })),
    opened: (link) => {
      linkOpened(cluster, link)
      stir(cluster)
    },
    membershipChanged: (link) => void askMembership(cluster, link, events),
    joined: (link) => linkJoined(cluster, link),
    left: (link) => linkLeft(cluster, link),
  }
  return events
}

/** A process that slept heard nobody: the silence of that time is its own. */
const AWAKE_MILLIS_MAX = 2 * TICK_MILLIS

const tick = (cluster: Cluster, events: MemberEvents, isBeat: boolean): void => {
  const now = cluster.env.clock.monotonicMillis()
  const elapsed = Math.min(now - cluster.now, AWAKE_MILLIS_MAX)
  cluster.now = now
  for (const link of cluster.links) {
    tickLink(cluster, link, elapsed, events)
    if (isBeat) beat(cluster, link)
    if (needsConnection(cluster, link)) startConnecting(cluster, link, events)
  }
  if (!anyAlive(cluster)) cluster.awakeSince = now
  if (needsBootstrap(cluster)) void bootstrap(cluster, (membership) => takeMembership(cluster, membership, events))
  restoreSeats(cluster)
  retryParked(cluster)
  stir(cluster)
}

const connectionOf = (link: Link): HsmConnection => ({
  hsmId: link.member.hsmId,
  availabilityZone: link.member.availabilityZone,
  connected: link.alive,
  serving: link.alive && link.serving,
  silence: link.silence,
  outstanding: link.pending.size,
  droppedFrames: link.droppedFrames,
})

const closeCluster = async (
  cluster: Cluster,
  events: MemberEvents,
  applications: ReadonlyArray<() => Promise<void>>,
) => {
  await Promise.all(applications.map((close) => close()))
  cluster.closed = true
  for (const application of cluster.applications) abandonCalls(application)
  for (const link of cluster.links) closeLink(link, events)
  stir(cluster)
}

/**
 * Connects to all HSMs of a cluster, as CloudHSM's client SDK 5 does, and stays connected ("AWS CloudHSM Client SDK 5").
 * It answers at once and connects in the background; until then calls wait, 10 s at most. Nothing is believed that is
 * not signed: HSMs by the customer's CA, the membership by the controller.
 */
export const connectCluster = (env: ClientEnv, settings: ClusterSettings): ClusterClient => {
  const cluster = newCluster(env, settings)
  const events = eventsOf(cluster)
  const open = new Set<() => Promise<void>>()
  let ticks = 0
  const run = (): void => {
    tick(cluster, events, ticks % (BEAT_MILLIS / TICK_MILLIS) === 0)
    ticks += 1
    if (!cluster.closed) cancel = env.clock.after(TICK_MILLIS, run)
  }
  let cancel = (): void => undefined
  run()

  return {
    clusterId: () => cluster.clusterId,
    connections: () => cluster.links.map(connectionOf),
    openApplication: (name, options) => {
      const application = openApplication(cluster, name, options)
      const close = async (): Promise<void> => {
        await application.close()
        open.delete(close)
      }
      open.add(close)
      return { ...application, close }
    },
    close: async () => {
      await closeCluster(cluster, events, [...open])
      cancel()
    },
  }
}
