import * as E from 'fp-ts/lib/Either.js'
import type { Controller, ControllerRefusal } from '@hsmlab/application'
import type { AvailabilityZone, Cluster, ClusterId, HsmReference, Tag, World } from '@hsmlab/domain'
import { stateOf } from '@hsmlab/domain'
import type { Json } from '@hsmlab/event-sourcing'
import { type AwsError, awsError } from './aws-error.ts'
import { describeCluster, describeHsm, INITIALIZING } from './describe-cluster.ts'
import { matchesFilters, readFilters } from './filters.ts'
import type { OperationName } from './model.ts'
import { pageOf } from './page.ts'
import { describeRefusal } from './refusal.ts'
import { readTags } from './tags.ts'
import type { Input } from './validate.ts'

type Outcome = Promise<E.Either<AwsError, Json>>
type Operation = (controller: Controller, world: World, input: Input) => Outcome

/** API Reference: BackupRetentionPolicy. */
const RETENTION_DAYS_MIN = 7
const RETENTION_DAYS_MAX = 379
const PAGE_SIZE_DEFAULT = 25

const invalid = (message: string): E.Either<AwsError, never> =>
  E.left(awsError('CloudHsmInvalidRequestException', message))

/** Members that are there have been validated: what is not a string is not there. */
const text = (input: Input, name: string): string | undefined => {
  const value = input[name]
  return typeof value === 'string' ? value : undefined
}
const clusterIdOf = (input: Input): ClusterId => (text(input, 'ClusterId') ?? '') as ClusterId

const retentionDays = (input: Input): E.Either<AwsError, number | undefined> => {
  const policy = input['BackupRetentionPolicy'] as Input | undefined
  const value = policy === undefined ? undefined : text(policy, 'Value')
  if (value === undefined) return E.right(undefined)
  const days = Number(value)
  return days >= RETENTION_DAYS_MIN && days <= RETENTION_DAYS_MAX
    ? E.right(days)
    : invalid(`The backup retention period must be between ${RETENTION_DAYS_MIN} and ${RETENTION_DAYS_MAX} days.`)
}

const answered = <A>(result: E.Either<ControllerRefusal, A>, describe: (a: A) => Json): E.Either<AwsError, Json> =>
  E.isLeft(result) ? E.left(describeRefusal(result.left)) : E.right(describe(result.right))

const withCluster =
  (controller: Controller) =>
  (cluster: Cluster): Json => ({
    Cluster: describeCluster(cluster, controller.showsTransitions),
  })

const createCluster: Operation = async (controller, world, input) => {
  if (text(input, 'SourceBackupId') !== undefined) {
    return E.left(awsError('CloudHsmServiceException', 'hsmlab does not offer clusters from backups yet.'))
  }
  const backupRetentionDays = retentionDays(input)
  if (E.isLeft(backupRetentionDays)) return backupRetentionDays
  const tags: E.Either<AwsError, ReadonlyArray<Tag>> = readTags(input['TagList'])
  if (E.isLeft(tags)) return tags
  const created = await controller.createCluster(world, {
    hsmType: text(input, 'HsmType') ?? '',
    mode: text(input, 'Mode') as 'FIPS' | 'NON_FIPS' | undefined,
    networkType: text(input, 'NetworkType') as 'IPV4' | 'DUALSTACK' | undefined,
    subnetIds: (input['SubnetIds'] ?? []) as ReadonlyArray<string>,
    backupRetentionDays: backupRetentionDays.right,
    tags: tags.right,
  })()
  return answered(created, withCluster(controller))
}

const createHsm: Operation = async (controller, world, input) => {
  const created = await controller.createHsm(world, {
    clusterId: clusterIdOf(input),
    availabilityZone: (text(input, 'AvailabilityZone') ?? '') as AvailabilityZone,
    ipAddress: text(input, 'IpAddress'),
  })()
  return answered(created, ({ cluster, hsmId }) => {
    const hsm = cluster.hsms[hsmId]
    return { Hsm: hsm === undefined ? undefined : describeHsm(cluster, hsm) }
  })
}

const initializeCluster: Operation = async (controller, world, input) => {
  const initialized = await controller.initializeCluster(world, {
    clusterId: clusterIdOf(input),
    signedCert: text(input, 'SignedCert') ?? '',
    trustAnchor: text(input, 'TrustAnchor') ?? '',
  })()
  return answered(initialized, (cluster) => ({ State: stateOf(cluster), StateMessage: INITIALIZING }))
}

const deleteHsm: Operation = async (controller, world, input) => {
  const named = (['HsmId', 'EniId', 'EniIp'] as const).flatMap((by): ReadonlyArray<HsmReference> => {
    const value = text(input, by)
    return value === undefined ? [] : [{ by, value }]
  })
  const [which] = named
  if (which === undefined || named.length > 1) return invalid('Specify exactly one of HsmId, EniId and EniIp.')
  const deleted = await controller.deleteHsm(world, { clusterId: clusterIdOf(input), which })()
  return answered(deleted, ({ hsmId }) => ({ HsmId: hsmId }))
}

const deleteCluster: Operation = async (controller, world, input) =>
  answered(await controller.deleteCluster(world, { clusterId: clusterIdOf(input) })(), withCluster(controller))

const describeClusters: Operation = async (controller, world, input) => {
  const filters = readFilters(input['Filters'])
  if (E.isLeft(filters)) return filters
  const { showsTransitions } = controller
  const chosen = controller
    .clusters(world)
    .filter((cluster) => matchesFilters(filters.right, cluster, stateOf(cluster, showsTransitions)))
  const size = typeof input['MaxResults'] === 'number' ? input['MaxResults'] : PAGE_SIZE_DEFAULT
  const page = pageOf(chosen, text(input, 'NextToken'), size)
  if (E.isLeft(page)) return page
  const { items, nextToken } = page.right
  return E.right({
    Clusters: items.map((cluster) => describeCluster(cluster, showsTransitions)),
    NextToken: nextToken,
  })
}

/** A refusal by name: an answer that only looks like one would be found out much later. */
const notOffered =
  (name: string): Operation =>
  async () =>
    E.left(awsError('CloudHsmServiceException', `hsmlab does not offer ${name} yet.`))

export const OPERATIONS: Readonly<Record<OperationName, Operation>> = {
  CopyBackupToRegion: notOffered('CopyBackupToRegion'),
  CreateCluster: createCluster,
  CreateHsm: createHsm,
  DeleteBackup: notOffered('DeleteBackup'),
  DeleteCluster: deleteCluster,
  DeleteHsm: deleteHsm,
  DeleteResourcePolicy: notOffered('DeleteResourcePolicy'),
  DescribeBackups: notOffered('DescribeBackups'),
  DescribeClusters: describeClusters,
  GetResourcePolicy: notOffered('GetResourcePolicy'),
  InitializeCluster: initializeCluster,
  ListTags: notOffered('ListTags'),
  ModifyBackupAttributes: notOffered('ModifyBackupAttributes'),
  ModifyCluster: notOffered('ModifyCluster'),
  PutResourcePolicy: notOffered('PutResourcePolicy'),
  RestoreBackup: notOffered('RestoreBackup'),
  TagResource: notOffered('TagResource'),
  UntagResource: notOffered('UntagResource'),
}
