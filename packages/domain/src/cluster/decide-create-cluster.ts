import * as E from 'fp-ts/lib/Either.js'
import type { Tagged } from '@hsmlab/event-sourcing'
import { clustersOf, type ControlPlane } from './cluster.ts'
import type { Decision, Limits } from './decision.ts'
import { HSM_TYPES } from './hsm-types.ts'
import type * as M from './messages.ts'

type CreateCluster = Extract<M.ClusterRequest, { type: 'CreateCluster' }>
type Refusal = Tagged<M.ClusterRejection['_tag']> & M.ClusterRejection

/** The mode the cluster will have; hsm2m.medium must be told, hsm1.medium knows only FIPS. */
const modeOf = ({ hsmType, mode, networkType }: CreateCluster): E.Either<Refusal, M.ClusterMode> => {
  const rule = HSM_TYPES[hsmType]
  if (rule === undefined) return E.left({ _tag: 'HsmTypeUnknown', hsmType, known: Object.keys(HSM_TYPES) })
  if (!rule.creatable) return E.left({ _tag: 'HsmTypeRetired', hsmType })
  const chosen = mode ?? rule.defaultMode
  if (chosen === undefined) return E.left({ _tag: 'ModeRequired', hsmType })
  if (!rule.modes.includes(chosen)) return E.left({ _tag: 'ModeUnsupported', hsmType, mode: chosen })
  if (!rule.networkTypes.includes(networkType)) return E.left({ _tag: 'NetworkTypeUnsupported', hsmType, networkType })
  return E.right(chosen)
}

/** All of the VPC, one in a zone. */
const chosenSubnets = ({ subnetIds, vpc }: CreateCluster): E.Either<Refusal, ReadonlyArray<M.Subnet>> => {
  const chosen: M.Subnet[] = []
  for (const subnetId of subnetIds) {
    const subnet = vpc.subnets.find((known) => known.subnetId === subnetId)
    if (subnet === undefined) return E.left({ _tag: 'SubnetNotFound', subnetId, known: vpc.subnets })
    const { availabilityZone } = subnet
    if (chosen.some((other) => other.availabilityZone === availabilityZone)) {
      return E.left({ _tag: 'SubnetsShareZone', availabilityZone })
    }
    chosen.push(subnet)
  }
  return E.right(chosen)
}

/** CreateCluster is not idempotent: each call makes a cluster (API Reference: CreateCluster). */
export const decideCreateCluster = (command: CreateCluster, plane: ControlPlane, limits: Limits): Decision => {
  const { at, account, region, clusterId, hsmType, networkType, vpc, securityGroup, backupRetentionDays, tags } =
    command
  if (clusterId in plane.clusters) return E.left({ _tag: 'IdTaken', id: clusterId })
  const mode = modeOf(command)
  if (E.isLeft(mode)) return mode
  const subnets = chosenSubnets(command)
  if (E.isLeft(subnets)) return subnets
  const count = clustersOf(plane, command).filter(({ phase }) => phase !== 'DELETED').length
  if (count >= limits.clustersPerWorld) return E.left({ _tag: 'ClusterLimitExceeded', limit: limits.clustersPerWorld })
  const event: M.ClusterEvent = {
    type: 'ClusterCreationStarted',
    account,
    region,
    clusterId,
    hsmType,
    mode: mode.right,
    networkType,
    vpcId: vpc.vpcId,
    subnets: subnets.right,
    securityGroup,
    backupRetentionDays,
    tags,
  }
  return E.right([{ at, event }])
}
