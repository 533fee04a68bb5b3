import * as E from 'fp-ts/lib/Either.js'
import { allClusters, canonicalControlPlane, type Cluster, hsmsOf, stateOf } from '@hsmlab/domain'
import type { LocalError } from '@hsmlab/protocol/local'
import type { ControllerHandle, ShownCluster } from '../operator/parts.ts'
import type { Controller } from './controller.ts'

/** Records that are handed over at once. */
const RUN_LENGTH = 256

const noSuchLog: E.Either<LocalError, never> = E.left({ code: 'UnknownLog', message: 'The controller has one log.' })
const unreadable: E.Either<LocalError, never> = E.left({
  code: 'LogUnreadable',
  message: "The controller's log cannot be read.",
})

const shown = (cluster: Cluster, showsTransitions: boolean): ShownCluster => ({
  clusterId: cluster.clusterId,
  state: stateOf(cluster, showsTransitions),
  hsmType: cluster.hsmType,
  mode: cluster.mode,
  availabilityZones: cluster.subnets.map(({ availabilityZone }) => availabilityZone),
  hsms: hsmsOf(cluster).map(({ hsmId, place, state }) => ({
    hsmId,
    availabilityZone: place.availabilityZone,
    eniIp: place.eniIp,
    state,
  })),
})

/** The controller as an operator handles it: clusters of all worlds, and the log that they come from. */
export const controllerHandle = (controller: Controller): ControllerHandle => ({
  clusters: async () => {
    const { plane, position } = controller.state()
    const clusters = allClusters(plane).filter(({ phase }) => phase !== 'DELETED')
    return { position, clusters: clusters.map((cluster) => shown(cluster, controller.showsTransitions)) }
  },
  logs: async () => [{ log: 'controller', length: controller.state().position }],
  readLog: async (log, from, to, visit) => {
    if (log !== 'controller') return noSuchLog
    const { position } = controller.state()
    const end = Math.min(to, position)
    for (let start = from; start < end; start += RUN_LENGTH) {
      const records: Uint8Array[] = []
      const read = await controller.readLog(start, Math.min(end, start + RUN_LENGTH), (_, record) => {
        records.push(record.slice())
      })()
      if (E.isLeft(read)) return unreadable
      if (!(await visit(start, records))) break
    }
    return E.right(position)
  },
  liveState: async (log) => {
    if (log !== 'controller') return noSuchLog
    const { plane, position } = controller.state()
    return E.right({ length: position, state: canonicalControlPlane(plane) })
  },
})
