import * as E from 'fp-ts/lib/Either.js'
import { allClusters, canonicalControlPlane, type Cluster, hsmsOf, stateOf } from '@hsmlab/domain'
import type { Controller } from '../controller/controller.ts'
import type { ControllerHandle, ShownCluster } from './parts.ts'
import { readStore } from './read-store.ts'

const shown =
  ({ showsTransitions }: Controller) =>
  (cluster: Cluster): ShownCluster => ({
    clusterId: cluster.clusterId,
    state: stateOf(cluster, showsTransitions),
    hsmType: cluster.hsmType,
    mode: cluster.mode,
    availabilityZones: cluster.subnets.map(({ availabilityZone }) => availabilityZone),
    hsms: hsmsOf(cluster).map(({ hsmId, state, place }) => ({
      hsmId,
      state,
      availabilityZone: place.availabilityZone,
      eniIp: place.eniIp,
    })),
  })

/** The controller of this process. */
export const localController = (controller: Controller): ControllerHandle => ({
  clusters: async () => {
    const { plane, position } = controller.state()
    const clusters = allClusters(plane).filter(({ phase }) => phase !== 'DELETED')
    return { position, clusters: clusters.map(shown(controller)) }
  },
  logs: async () => [{ log: 'controller', length: controller.store.durableHead().revision }],
  readLog: (_log, from, to, visit) => readStore(controller.store, from, to, visit),
  liveState: async () => {
    const { plane, position } = controller.state()
    return E.right({ length: position, state: canonicalControlPlane(plane) })
  },
})
