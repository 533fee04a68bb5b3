import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import {
  type Cluster,
  type ClusterCommand,
  type ClusterId,
  type ClusterRejection,
  type ControlPlane,
  defaultVpc,
  type HsmId,
  type HsmReference,
  type Vpc,
  type World,
} from '@hsmlab/domain'
import { invariant } from '@hsmlab/event-sourcing'
import type { Controller, ControllerRefusal, ControllerUnavailable } from './controller.ts'
import type { ControllerEnv, ControllerPart } from './controller-env.ts'
import type { ControllerLog } from './controller-log.ts'
import { drawClusterId, drawEniId, drawHsmId, drawLane, drawSecurityGroup } from './draw-ids.ts'

/** API Reference: BackupRetentionPolicy. */
const RETENTION_DAYS_DEFAULT = 90
/** How often ids are drawn anew: two of 55 bits never meet, two lanes of 24 bits hardly. */
const DRAWS_MAX = 8

const isDrawnBefore = (refusal: ClusterRejection | ControllerUnavailable): boolean =>
  refusal._tag === 'IdTaken' || refusal._tag === 'LaneTaken'

const clusterIn = (plane: ControlPlane, clusterId: ClusterId): Cluster => {
  const cluster = plane.clusters[clusterId]
  invariant(cluster !== undefined, 'a cluster that took a command is there')
  return cluster
}

const hsmMatching = ({ hsms }: Cluster, { by, value }: HsmReference): HsmId | undefined => {
  const matching = Object.values(hsms).find(({ hsmId, place }) => {
    if (by === 'HsmId') return hsmId === value
    return by === 'EniId' ? place.eniId === value : place.eniIp === value
  })
  return matching?.hsmId
}

type Requests = Pick<
  Controller,
  'createCluster' | 'createHsm' | 'initializeCluster' | 'deleteHsm' | 'deleteCluster' | 'vpc'
>

/** What customers ask, as commands: ids drawn, certificates verified, the moment noted. */
export const controllerRequests = (
  { clock, random, certificates }: Pick<ControllerEnv, 'clock' | 'random' | 'certificates'>,
  { racks }: Pick<ControllerPart, 'racks'>,
  log: ControllerLog,
): Requests => {
  const zones = [...racks.keys()].sort()
  const vpc = (world: World): Vpc => defaultVpc(world, zones)

  /** Draws anew when what was drawn is in use. */
  const submitDrawn = async (draw: () => ClusterCommand) => {
    let submitted = await log.submit(draw())()
    for (let i = 1; i < DRAWS_MAX && E.isLeft(submitted) && isDrawnBefore(submitted.left); i++) {
      submitted = await log.submit(draw())()
    }
    return submitted
  }

  return {
    vpc,
    createCluster: (world, request) => async () => {
      let clusterId: ClusterId | undefined
      const submitted = await submitDrawn(() => ({
        type: 'CreateCluster',
        at: clock.wallMicros(),
        ...world,
        clusterId: (clusterId = drawClusterId(random)),
        hsmType: request.hsmType,
        mode: request.mode,
        networkType: request.networkType ?? 'IPV4',
        subnetIds: request.subnetIds,
        backupRetentionDays: request.backupRetentionDays ?? RETENTION_DAYS_DEFAULT,
        tags: request.tags ?? [],
        securityGroup: drawSecurityGroup(random),
        vpc: vpc(world),
      }))
      invariant(clusterId !== undefined, 'an id was drawn')
      return E.isLeft(submitted) ? submitted : E.right(clusterIn(submitted.right, clusterId))
    },
    createHsm:
      (world, { clusterId, availabilityZone, ipAddress }) =>
      async () => {
        let hsmId: HsmId | undefined
        const submitted = await submitDrawn(() => ({
          type: 'CreateHsm',
          at: clock.wallMicros(),
          ...world,
          clusterId,
          hsmId: (hsmId = drawHsmId(random)),
          eniId: drawEniId(random),
          lane: drawLane(random),
          availabilityZone,
          ipAddress,
        }))
        invariant(hsmId !== undefined, 'an id was drawn')
        return E.isLeft(submitted) ? submitted : E.right({ cluster: clusterIn(submitted.right, clusterId), hsmId })
      },
    initializeCluster:
      (world, { clusterId, signedCert, trustAnchor }): TaskEither<ControllerRefusal, Cluster> =>
      async () => {
        const at = clock.wallMicros()
        const command = {
          type: 'InitializeCluster',
          at,
          ...world,
          clusterId,
          certificate: signedCert,
          trustAnchor,
        } as const
        const probed = log.probe(command)
        if (E.isLeft(probed)) return probed
        const csr = clusterIn(log.speculative(), clusterId).identity?.certificates.clusterCsr ?? ''
        const verified = certificates.verifyClusterCertificate(signedCert, trustAnchor, csr, at)
        if (E.isLeft(verified)) return verified
        const submitted = await log.submit(command)()
        return E.isLeft(submitted) ? submitted : E.right(clusterIn(submitted.right, clusterId))
      },
    deleteHsm:
      (world, { clusterId, which }) =>
      async () => {
        const submitted = await log.submit({ type: 'DeleteHsm', at: clock.wallMicros(), ...world, clusterId, which })()
        if (E.isLeft(submitted)) return submitted
        const hsmId = hsmMatching(clusterIn(submitted.right, clusterId), which)
        invariant(hsmId !== undefined, 'an HSM that is being deleted is there')
        return E.right({ hsmId })
      },
    deleteCluster:
      (world, { clusterId }) =>
      async () => {
        const submitted = await log.submit({ type: 'DeleteCluster', at: clock.wallMicros(), ...world, clusterId })()
        return E.isLeft(submitted) ? submitted : E.right(clusterIn(submitted.right, clusterId))
      },
  }
}
