import test from 'ava'
import type { Json } from '@hsmlab/event-sourcing'
import { apiLab, createCluster, messageOf } from './api.ts'

const api = await apiLab()
test.after.always(() => api.close())

const ID = 'aaaaaaaaaaa'
const cluster = `cluster-${ID}`
const describe = { DescribeClusters: {} }
const initialize = { ClusterId: cluster, SignedCert: 'x', TrustAnchor: 'x' }
const tagged = (...tags: ReadonlyArray<Json>) => ({ ResourceId: cluster, TagList: tags })

/** Operation, input, and where the message says it is wrong, with the constraint. */
const violations: ReadonlyArray<readonly [string, Json, string, string]> = [
  [
    'CreateCluster',
    { Mode: 'FIPS', SubnetIds: createCluster.SubnetIds },
    "null at 'hsmType'",
    'Member must not be null',
  ],
  ['CreateCluster', { HsmType: 'hsm2m.medium' }, "null at 'subnetIds'", 'Member must not be null'],
  ['CreateCluster', { ...createCluster, SubnetIds: null }, "null at 'subnetIds'", 'Member must not be null'],
  ['CreateCluster', { ...createCluster, SubnetIds: [] }, "at 'subnetIds'", 'length greater than or equal to 1'],
  [
    'CreateCluster',
    { ...createCluster, SubnetIds: Array(11).fill('subnet-00000000') },
    "at 'subnetIds'",
    'length less than or equal to 10',
  ],
  [
    'CreateCluster',
    { ...createCluster, SubnetIds: ['subnet-1'] },
    "'subnet-1' at 'subnetIds.1.member'",
    'subnet-[0-9a-fA-F]{8,17}',
  ],
  [
    'CreateCluster',
    { ...createCluster, SubnetIds: ['subnet-0123456789abcdef01'] },
    "at 'subnetIds.1.member'",
    'subnet-[0-9a-fA-F]{8,17}',
  ],
  [
    'CreateCluster',
    { ...createCluster, HsmType: 'large' },
    "'large' at 'hsmType'",
    '((p|)hsm[0-9][a-z.]*\\.[a-zA-Z]+)',
  ],
  [
    'CreateCluster',
    { ...createCluster, HsmType: `hsm1.${'m'.repeat(40)}` },
    "at 'hsmType'",
    'length less than or equal to 32',
  ],
  ['CreateCluster', { ...createCluster, Mode: 'fips' }, "'fips' at 'mode'", '[FIPS, NON_FIPS]'],
  ['CreateCluster', { ...createCluster, NetworkType: 'IPV6' }, "at 'networkType'", '[IPV4, DUALSTACK]'],
  [
    'CreateCluster',
    { ...createCluster, SourceBackupId: 'backup-1' },
    "at 'sourceBackupId'",
    'backup-[2-7a-zA-Z]{11,16}',
  ],
  [
    'CreateCluster',
    { ...createCluster, BackupRetentionPolicy: { Type: 'WEEKS' } },
    "at 'backupRetentionPolicy.type'",
    '[DAYS]',
  ],
  [
    'CreateCluster',
    { ...createCluster, BackupRetentionPolicy: { Value: 'x' } },
    "at 'backupRetentionPolicy.value'",
    '[0-9]+',
  ],
  [
    'CreateCluster',
    { ...createCluster, BackupRetentionPolicy: { Value: '1000' } },
    "at 'backupRetentionPolicy.value'",
    'less than or equal to 3',
  ],
  ['CreateCluster', { ...createCluster, TagList: [] }, "at 'tagList'", 'length greater than or equal to 1'],
  [
    'CreateCluster',
    { ...createCluster, TagList: [{ Key: '', Value: '' }] },
    "at 'tagList.1.member.key'",
    'length greater than or equal to 1',
  ],
  [
    'CreateCluster',
    { ...createCluster, TagList: [{ Key: 'k', Value: 'v'.repeat(257) }] },
    "at 'tagList.1.member.value'",
    'length less than or equal to 256',
  ],
  [
    'CreateCluster',
    { ...createCluster, TagList: [{ Key: 'k' }] },
    "null at 'tagList.1.member.value'",
    'Member must not be null',
  ],
  ['CreateHsm', { ClusterId: cluster, AvailabilityZone: 'us-east-1' }, "'us-east-1' at 'availabilityZone'", '\\d[a-z]'],
  ['CreateHsm', { ClusterId: cluster, AvailabilityZone: 'us-east-1a', IpAddress: '::1' }, "at 'ipAddress'", '\\d{1,3}'],
  [
    'CreateHsm',
    { ClusterId: 'cluster-1', AvailabilityZone: 'us-east-1a' },
    "at 'clusterId'",
    'cluster-[2-7a-zA-Z]{11,16}',
  ],
  [
    'CreateHsm',
    { ClusterId: `cluster-${ID}1`, AvailabilityZone: 'us-east-1a' },
    "at 'clusterId'",
    'cluster-[2-7a-zA-Z]{11,16}',
  ],
  ['DeleteHsm', { ClusterId: cluster, HsmId: 'hsm-1' }, "at 'hsmId'", 'hsm-[2-7a-zA-Z]{11,16}'],
  ['DeleteHsm', { ClusterId: cluster, EniId: 'eni-xyz' }, "at 'eniId'", 'eni-[0-9a-fA-F]{8,17}'],
  ['DeleteHsm', { ClusterId: cluster, EniIp: '10.0.0' }, "at 'eniIp'", '\\d{1,3}'],
  ['DeleteCluster', {}, "null at 'clusterId'", 'Member must not be null'],
  ['InitializeCluster', { ...initialize, SignedCert: 'a"b' }, "Value at 'signedCert'", '[a-zA-Z0-9+-/=\\s]*'],
  [
    'InitializeCluster',
    { ...initialize, TrustAnchor: 'a'.repeat(20_001) },
    "Value at 'trustAnchor'",
    'length less than or equal to 20000',
  ],
  ['DescribeClusters', { MaxResults: 0 }, "'0' at 'maxResults'", 'value greater than or equal to 1'],
  ['DescribeClusters', { MaxResults: 26 }, "'26' at 'maxResults'", 'value less than or equal to 25'],
  ['DescribeClusters', { NextToken: 'x'.repeat(257) }, "at 'nextToken'", 'length less than or equal to 256'],
  ['DescribeClusters', { Filters: { 'a b': [] } }, "'a b' at 'filters.key'", '[a-zA-Z0-9_-]+'],
  [
    'DescribeClusters',
    { Filters: Object.fromEntries(Array.from({ length: 31 }, (_, i) => [`k${i}`, []])) },
    "at 'filters'",
    'length less than or equal to 30',
  ],
  ['DescribeBackups', { MaxResults: 51 }, "at 'maxResults'", 'value less than or equal to 50'],
  ['ListTags', { ResourceId: `hsm-${ID}` }, "at 'resourceId'", '(?:cluster|backup)-'],
  ['ListTags', { ResourceId: cluster, MaxResults: 101 }, "at 'maxResults'", 'value less than or equal to 100'],
  ['TagResource', tagged(), "at 'tagList'", 'length greater than or equal to 1'],
  [
    'UntagResource',
    { ResourceId: cluster, TagKeyList: Array(51).fill('k') },
    "at 'tagKeyList'",
    'length less than or equal to 50',
  ],
  ['CopyBackupToRegion', { DestinationRegion: 'nowhere', BackupId: `backup-${ID}` }, "at 'destinationRegion'", '\\d'],
  ['ModifyBackupAttributes', { BackupId: `backup-${ID}` }, "null at 'neverExpires'", 'Member must not be null'],
  ['PutResourcePolicy', { ResourceArn: 'arn:aws:s3:::x' }, "at 'resourceArn'", 'cloudhsm'],
]

for (const [operation, input, where, constraint] of violations) {
  test(`${operation}: ${where} must satisfy ${constraint} (${JSON.stringify(input).length} characters)`, async (t) => {
    const { status, body } = await api.call(operation, input)
    const message = typeof body['Message'] === 'string' ? body['Message'] : ''
    t.is(status, 400)
    t.is(body['__type'], 'CloudHsmInvalidRequestException')
    t.true(message.startsWith('1 validation error detected: Value'), message)
    t.true(message.includes(where), message)
    t.true(message.includes(constraint), message)
    t.true(message.length < 600)
  })
}

test('everything that is wrong is named at once', async (t) => {
  const { body } = await api.call('CreateHsm', { AvailabilityZone: 'x' })
  t.is(
    body['Message'],
    "2 validation errors detected: Value null at 'clusterId' failed to satisfy constraint: Member must not be null; " +
      "Value 'x' at 'availabilityZone' failed to satisfy constraint: Member must satisfy regular expression pattern: " +
      '[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\\d[a-z]',
  )
})

test('what was pasted as a certificate is never repeated', async (t) => {
  const { body } = await api.call('InitializeCluster', { ...initialize, SignedCert: 'SECRET"KEY' })
  t.false(JSON.stringify(body).includes('SECRET'))
  t.false(JSON.stringify(api.logger.lines).includes('SECRET'))
})

/** Operation, input, the JSON type that was found and the one that the model has. */
const wrongTypes: ReadonlyArray<readonly [string, Json, string]> = [
  ['DeleteCluster', { ClusterId: 7 }, 'NUMBER_VALUE can not be converted to a String'],
  ['DeleteCluster', { ClusterId: true }, 'TRUE_VALUE can not be converted to a String'],
  ['DeleteCluster', { ClusterId: ['x'] }, 'START_ARRAY can not be converted to a String'],
  ['DeleteCluster', { ClusterId: {} }, 'START_OBJECT can not be converted to a String'],
  ['CreateCluster', { ...createCluster, SubnetIds: 'x' }, 'STRING_VALUE can not be converted to a List'],
  ['CreateCluster', { ...createCluster, SubnetIds: [null] }, 'NULL_VALUE can not be converted to a String'],
  ['CreateCluster', { ...createCluster, TagList: ['x'] }, 'STRING_VALUE can not be converted to a Structure'],
  ['DescribeClusters', { MaxResults: '5' }, 'STRING_VALUE can not be converted to a Integer'],
  ['DescribeClusters', { MaxResults: 1.5 }, 'NUMBER_VALUE can not be converted to a Integer'],
  ['DescribeClusters', { Filters: [] }, 'START_ARRAY can not be converted to a Map'],
  ['DescribeClusters', { Filters: { states: 'ACTIVE' } }, 'STRING_VALUE can not be converted to a List'],
  ['DescribeBackups', { Shared: 'yes' }, 'STRING_VALUE can not be converted to a Boolean'],
]

for (const [operation, input, message] of wrongTypes) {
  test(`${operation} with ${JSON.stringify(input).slice(0, 60)}: ${message}`, async (t) => {
    const { status, body } = await api.call(operation, input)
    t.is(status, 400)
    t.deepEqual(body, { __type: 'SerializationException', Message: message })
  })
}

/** Rules that the model does not write down. */
const refusals: ReadonlyArray<readonly [string, Json, string, RegExp]> = [
  ['DeleteHsm', { ClusterId: cluster }, 'CloudHsmInvalidRequestException', /exactly one of HsmId, EniId and EniIp/],
  [
    'DeleteHsm',
    { ClusterId: cluster, HsmId: `hsm-${ID}`, EniIp: '10.0.1.4' },
    'CloudHsmInvalidRequestException',
    /exactly one/,
  ],
  [
    'CreateCluster',
    { ...createCluster, BackupRetentionPolicy: { Type: 'DAYS', Value: '6' } },
    'CloudHsmInvalidRequestException',
    /between 7 and 379/,
  ],
  [
    'CreateCluster',
    { ...createCluster, BackupRetentionPolicy: { Type: 'DAYS', Value: 380 } },
    'CloudHsmInvalidRequestException',
    /between 7 and 379/,
  ],
  ['CreateCluster', { ...createCluster, TagList: [{ Key: 'aws:x', Value: '' }] }, 'CloudHsmTagException', /reserved/],
  [
    'CreateCluster',
    { ...createCluster, TagList: [{ Key: 'a!', Value: '' }] },
    'CloudHsmTagException',
    /letters, digits/,
  ],
  [
    'CreateCluster',
    {
      ...createCluster,
      TagList: [
        { Key: 'a', Value: '1' },
        { Key: 'a', Value: '2' },
      ],
    },
    'CloudHsmTagException',
    /twice/,
  ],
  ['CreateCluster', { ...createCluster, SourceBackupId: `backup-${ID}` }, 'CloudHsmServiceException', /does not offer/],
  [
    'DescribeClusters',
    { Filters: { names: ['x'] } },
    'CloudHsmInvalidRequestException',
    /filter names is not supported/,
  ],
  ['DescribeClusters', { NextToken: 'nonsense' }, 'CloudHsmInvalidRequestException', /NextToken is not valid/],
]

for (const [operation, input, type, message] of refusals) {
  test(`${operation}: ${message.source} (${JSON.stringify(input).slice(0, 200)})`, async (t) => {
    const answer = await api.call(operation, input)
    t.is(answer.status, 400)
    t.is(answer.body['__type'], type)
    t.regex(messageOf(answer), message)
  })
}

const notOffered: ReadonlyArray<readonly [string, Json]> = [
  ['CopyBackupToRegion', { DestinationRegion: 'eu-west-1', BackupId: `backup-${ID}` }],
  ['DeleteBackup', { BackupId: `backup-${ID}` }],
  ['DeleteResourcePolicy', {}],
  ['DescribeBackups', {}],
  ['GetResourcePolicy', {}],
  ['ListTags', { ResourceId: cluster }],
  ['ModifyBackupAttributes', { BackupId: `backup-${ID}`, NeverExpires: true }],
  ['ModifyCluster', { ClusterId: cluster }],
  ['PutResourcePolicy', {}],
  ['RestoreBackup', { BackupId: `backup-${ID}` }],
  ['TagResource', tagged({ Key: 'k', Value: 'v' })],
  ['UntagResource', { ResourceId: cluster, TagKeyList: ['k'] }],
]

for (const [operation, input] of notOffered) {
  test(`${operation} is not offered yet, and says so`, async (t) => {
    const { status, body } = await api.call(operation, input)
    t.is(status, 400)
    t.deepEqual(body, { __type: 'CloudHsmServiceException', Message: `hsmlab does not offer ${operation} yet.` })
  })
}

test('a valid request passes every rule', async (t) => {
  t.is((await api.call('DescribeClusters', describe.DescribeClusters)).status, 200)
})
