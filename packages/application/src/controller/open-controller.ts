import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { canonicalJson, utf8Bytes } from '@hsmlab/event-sourcing'
import { allClusters, type Cluster, clustersOf } from '@hsmlab/domain'
import { subject } from '@hsmlab/ports'
import { ClusterMemberships, subjects } from '@hsmlab/protocol'
import type { Controller } from './controller.ts'
import type { ControllerEnv, ControllerPart } from './controller-env.ts'
import { type ControllerLog, type ControllerOpenFailure, openControllerLog } from './controller-log.ts'
import { plan } from './plan.ts'
import { connectRacks } from './racks.ts'
import { controllerRequests } from './requests.ts'
import { sightings } from './sightings.ts'
import { signedMembership } from './signed-membership.ts'
import { stepExecutor } from './steps.ts'
import { stepRunner } from './step-runner.ts'
import { openVault, type Vault } from './vault.ts'
import { watchRacks } from './watch.ts'

/** A cluster that clients can be sent to: it has, or had, HSMs with a cluster certificate. */
const isReachable = ({ phase }: Cluster): boolean => phase === 'INITIALIZED' || phase === 'ACTIVE'

const runController = (env: ControllerEnv, part: ControllerPart, log: ControllerLog, vault: Vault): Controller => {
  const { bus, clock, engine, logger } = env
  const { settings, signingKey } = part
  const seen = sightings(clock)
  const listeners = new Set<() => void>()
  const sight = seen.of

  const planNow = () => plan(log.durable().plane, { sight, settings, nowMicros: clock.wallMicros() })
  const racks = connectRacks(env, part, (zone, { hsmId, what }) => {
    logger.log('info', 'a rack reports on an HSM', { hsmId, what })
    watch.look(zone)
  })
  const execute = stepExecutor({ env, part, log, racks, vault, sightings: seen })
  const runner = stepRunner(clock, settings.retryMillis, execute, planNow)
  const changed = (): void => {
    runner.follow(planNow())
    for (const listener of listeners) listener()
  }
  const watch = watchRacks(env, { log, racks, sightings: seen, settings, onSight: changed })

  const memberships = (): ClusterMemberships => ({
    memberships: allClusters(log.durable().plane)
      .filter(isReachable)
      .map((cluster) => signedMembership(engine, signingKey, cluster)),
  })

  const ends = [
    log.onDurable(changed),
    log.onStopped(() => {
      logger.log('error', 'the log of the controller takes no more records')
      runner.stop()
      watch.stop()
    }),
    bus.serve(subject(subjects.memberships), async () =>
      utf8Bytes(canonicalJson(ClusterMemberships.encode(memberships()))),
    ),
  ]
  changed()

  return {
    ...controllerRequests(env, part, log),
    clusters: (world) => {
      const since = clock.wallMicros() - settings.deletedShownMillis * 1000
      return clustersOf(log.durable().plane, world).filter(
        (cluster) => cluster.phase !== 'DELETED' || cluster.since >= since,
      )
    },
    showsTransitions: settings.showsTransitions,
    state: log.durable,
    store: log.store,
    sighting: (hsmId) => {
      const { description, silentMillis } = sight(hsmId)
      return { description, isSilent: silentMillis >= settings.silenceMillis }
    },
    membership: (clusterId) => {
      const cluster = log.durable().plane.clusters[clusterId]
      return cluster === undefined ? undefined : signedMembership(engine, signingKey, cluster)
    },
    look: watch.look,
    onChange: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    onStopped: log.onStopped,
    close: async () => {
      for (const end of ends) end()
      runner.stop()
      watch.stop()
      racks.close()
      await Promise.all([log.close(), vault.close()])
    },
  }
}

/**
 * Opens the controller on its log, goes on with whatever was under way, and serves `subjects.memberships`. There is one
 * controller on a log: a second one gets `StoreLocked`, and a copy that was left behind is noticed by its head file.
 */
export const openController =
  (env: ControllerEnv, part: ControllerPart): TaskEither<ControllerOpenFailure, Controller> =>
  async () => {
    const log = await openControllerLog(env, part)()
    if (E.isLeft(log)) return log
    const known = new Set(
      allClusters(log.right.durable().plane).flatMap(({ backups }) =>
        backups.map(({ backupId }) => backupId as string),
      ),
    )
    const vault = await openVault(env.vault, env.engine, known)()
    if (E.isRight(vault)) return E.right(runController(env, part, log.right, vault.right))
    await log.right.close()
    return E.left({ _tag: 'VaultUnavailable', cause: vault.left })
  }
