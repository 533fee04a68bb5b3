import * as E from 'fp-ts/lib/Either.js'
import { type Cluster, type ControlPlane, type Hsm, hsmsOf, stateOf } from './cluster.ts'
import { decideCreateCluster } from './decide-create-cluster.ts'
import { decideCreateHsm } from './decide-create-hsm.ts'
import { type Decision, facts, findCluster, type Limits } from './decision.ts'
import type * as M from './messages.ts'

type RequestOf<Type extends M.ClusterRequest['type']> = Extract<M.ClusterRequest, { type: Type }>

/** The handler has verified the certificates; what is left is whether the cluster waits for them. */
const initialize = (command: RequestOf<'InitializeCluster'>, plane: ControlPlane): Decision => {
  const { at, clusterId, certificate, trustAnchor } = command
  const found = findCluster(plane, command)
  if (E.isLeft(found)) return found
  const { phase, identity, hsms } = found.right
  if (phase !== 'UNINITIALIZED') return forbids(found.right, 'InitializeCluster')
  const isUp = identity !== undefined && hsms[identity.hsmId]?.state === 'ACTIVE'
  if (!isUp) return E.left({ _tag: 'ClusterHasNoHsm', clusterId })
  return facts(at, { type: 'ClusterInitializationStarted', clusterId, certificate, trustAnchor })
}

const forbids = (cluster: Cluster, operation: M.ClusterRequest['type']): Decision =>
  E.left({ _tag: 'ClusterStateForbids', clusterId: cluster.clusterId, state: stateOf(cluster), operation })

const matches = (which: M.HsmReference, { hsmId, place }: Hsm): boolean => {
  switch (which.by) {
    case 'HsmId':
      return hsmId === which.value
    case 'EniId':
      return place.eniId === which.value
    case 'EniIp':
      return place.eniIp === which.value
  }
}

/** An HSM that is on its way out already stays there; while the cluster takes its certificate, none may go. */
const deleteHsm = (command: RequestOf<'DeleteHsm'>, plane: ControlPlane): Decision => {
  const { at, clusterId, which } = command
  const found = findCluster(plane, command)
  if (E.isLeft(found)) return found
  const hsm = hsmsOf(found.right).find((candidate) => matches(which, candidate))
  if (hsm === undefined) return E.left({ _tag: 'HsmNotFound', clusterId, which })
  if (hsm.state === 'DELETE_IN_PROGRESS') {
    return E.left({ _tag: 'HsmStateForbids', hsmId: hsm.hsmId, state: hsm.state })
  }
  if (found.right.phase === 'INITIALIZE_IN_PROGRESS') return forbids(found.right, 'DeleteHsm')
  return facts(at, { type: 'HsmDeletionStarted', clusterId, hsmId: hsm.hsmId })
}

const deleteCluster = (command: RequestOf<'DeleteCluster'>, plane: ControlPlane): Decision => {
  const { at, clusterId } = command
  const found = findCluster(plane, command)
  if (E.isLeft(found)) return found
  const count = hsmsOf(found.right).length
  if (count > 0) return E.left({ _tag: 'ClusterHasHsms', clusterId, count })
  const { phase } = found.right
  if (phase === 'DELETE_IN_PROGRESS' || phase === 'CREATE_IN_PROGRESS') return forbids(found.right, 'DeleteCluster')
  return facts(at, { type: 'ClusterDeletionStarted', clusterId })
}

export const decideRequest = (command: M.ClusterRequest, plane: ControlPlane, limits: Limits): Decision => {
  switch (command.type) {
    case 'CreateCluster':
      return decideCreateCluster(command, plane, limits)
    case 'CreateHsm':
      return decideCreateHsm(command, plane, limits)
    case 'InitializeCluster':
      return initialize(command, plane)
    case 'DeleteHsm':
      return deleteHsm(command, plane)
    case 'DeleteCluster':
      return deleteCluster(command, plane)
  }
}
