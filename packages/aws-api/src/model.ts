import { boolean, integer, list, map, optional, required, string, structure, type StructureShape } from './shape.ts'

/** Member shapes of API version 2017-04-28 (AWS CloudHSM V2 API Reference, request parameters). */
const id = (kind: string) => string({ pattern: `${kind}-[2-7a-zA-Z]{11,16}`, lengthMax: 64 })
const ClusterId = id('cluster')
const HsmId = id('hsm')
const BackupId = id('backup')
const ResourceId = id('(?:cluster|backup)')
const REGION = '[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\\d'
const ARN = `arn:aws(-us-gov)?:cloudhsm:${REGION}:[0-9]{12}:`
const BackupArn = string({ pattern: `(${ARN}backup/)?backup-[2-7a-zA-Z]{11,16}`, lengthMax: 200 })
const CloudHsmArn = string({
  pattern: `${ARN}(backup/backup|cluster/cluster|hsm/hsm)-[2-7a-zA-Z]{11,16}`,
  lengthMax: 200,
})
const Region = string({ pattern: REGION, lengthMax: 32 })
const ExternalAz = string({ pattern: `${REGION}[a-z]`, lengthMax: 32 })
const SubnetId = string({ pattern: 'subnet-[0-9a-fA-F]{8,17}', lengthMax: 64 })
const EniId = string({ pattern: 'eni-[0-9a-fA-F]{8,17}', lengthMax: 64 })
const IpAddress = string({ pattern: '\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}', lengthMax: 15 })
const HsmType = string({ pattern: '((p|)hsm[0-9][a-z.]*\\.[a-zA-Z]+)', lengthMax: 32 })
const Cert = string({ pattern: '[a-zA-Z0-9+-/=\\s]*', lengthMax: 20_000, isQuiet: true })
const NextToken = string({ pattern: '.*', lengthMax: 256 })
const FilterKey = string({ pattern: '[a-zA-Z0-9_-]+', lengthMax: 64 })
const Filters = map(FilterKey, list(string({ lengthMax: 256 }), 0, 100), 30)
const RetentionPolicy = structure({
  Type: optional(string({ values: ['DAYS'] })),
  Value: optional(string({ pattern: '[0-9]+', lengthMin: 1, lengthMax: 3, takesNumbers: true })),
})
const TEXT = '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*'
const TagKey = string({ lengthMin: 1, lengthMax: 128 })
const Tag = structure({ Key: required(TagKey), Value: required(string({ lengthMax: 256 })) })
const TagList = list(Tag, 1, 50)
const ResourcePolicy = string({ lengthMin: 1, lengthMax: 20_000 })

/** Letters, digits, white space and these signs; checked apart, because it is CloudHsmTagException's. */
export const TAG_PATTERN = TEXT

/** Requests of all 18 operations; the names are those behind `X-Amz-Target: BaldrApiService.`. */
export const REQUESTS = {
  CopyBackupToRegion: structure({
    DestinationRegion: required(Region),
    BackupId: required(BackupId),
    TagList: optional(TagList),
  }),
  CreateCluster: structure({
    BackupRetentionPolicy: optional(RetentionPolicy),
    HsmType: required(HsmType),
    SourceBackupId: optional(BackupArn),
    SubnetIds: required(list(SubnetId, 1, 10)),
    NetworkType: optional(string({ values: ['IPV4', 'DUALSTACK'] })),
    TagList: optional(TagList),
    Mode: optional(string({ values: ['FIPS', 'NON_FIPS'] })),
  }),
  CreateHsm: structure({
    ClusterId: required(ClusterId),
    AvailabilityZone: required(ExternalAz),
    IpAddress: optional(IpAddress),
  }),
  DeleteBackup: structure({ BackupId: required(BackupId) }),
  DeleteCluster: structure({ ClusterId: required(ClusterId) }),
  DeleteHsm: structure({
    ClusterId: required(ClusterId),
    HsmId: optional(HsmId),
    EniId: optional(EniId),
    EniIp: optional(IpAddress),
  }),
  DeleteResourcePolicy: structure({ ResourceArn: optional(CloudHsmArn) }),
  DescribeBackups: structure({
    NextToken: optional(NextToken),
    MaxResults: optional(integer(1, 50)),
    Filters: optional(Filters),
    Shared: optional(boolean),
    SortAscending: optional(boolean),
  }),
  DescribeClusters: structure({
    Filters: optional(Filters),
    NextToken: optional(NextToken),
    MaxResults: optional(integer(1, 25)),
  }),
  GetResourcePolicy: structure({ ResourceArn: optional(CloudHsmArn) }),
  InitializeCluster: structure({
    ClusterId: required(ClusterId),
    SignedCert: required(Cert),
    TrustAnchor: required(Cert),
  }),
  ListTags: structure({
    ResourceId: required(ResourceId),
    NextToken: optional(NextToken),
    MaxResults: optional(integer(1, 100)),
  }),
  ModifyBackupAttributes: structure({ BackupId: required(BackupId), NeverExpires: required(boolean) }),
  ModifyCluster: structure({
    HsmType: optional(HsmType),
    BackupRetentionPolicy: optional(RetentionPolicy),
    ClusterId: required(ClusterId),
  }),
  PutResourcePolicy: structure({ ResourceArn: optional(CloudHsmArn), Policy: optional(ResourcePolicy) }),
  RestoreBackup: structure({ BackupId: required(BackupId) }),
  TagResource: structure({ ResourceId: required(ResourceId), TagList: required(TagList) }),
  UntagResource: structure({ ResourceId: required(ResourceId), TagKeyList: required(list(TagKey, 1, 50)) }),
} as const satisfies Readonly<Record<string, StructureShape>>

export type OperationName = keyof typeof REQUESTS
