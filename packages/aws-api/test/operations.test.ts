import test from 'ava'
import type { Json } from '@hsmlab/event-sourcing'
import { apiLab, clusterIn, clustersIn, createCluster, messageOf, newCluster, newHsm, SUBNETS } from './api.ts'

test('CreateCluster answers with the cluster as it begins', async (t) => {
  const api = await apiLab()
  const cluster = clusterIn(await api.call('CreateCluster', createCluster))
  const { ClusterId, SecurityGroup, CreateTimestamp, ...rest } = cluster
  t.regex(ClusterId, /^cluster-[2-7a-z]{11}$/)
  t.regex(JSON.stringify(SecurityGroup), /^"sg-[0-9a-f]{17}"$/)
  t.is(CreateTimestamp, 1_767_225_600)
  t.deepEqual(rest, {
    BackupPolicy: 'DEFAULT',
    BackupRetentionPolicy: { Type: 'DAYS', Value: '90' },
    Certificates: {},
    HsmType: 'hsm2m.medium',
    Hsms: [],
    Mode: 'FIPS',
    NetworkType: 'IPV4',
    State: 'CREATE_IN_PROGRESS',
    SubnetMapping: { 'us-east-1a': SUBNETS[0], 'us-east-1b': SUBNETS[1], 'us-east-1c': SUBNETS[2] },
    TagList: [],
    VpcId: 'vpc-000000000000487d0',
  })
  await api.close()
})

test('CreateCluster takes retention, tags and network type', async (t) => {
  const api = await apiLab()
  const input = {
    ...createCluster,
    NetworkType: 'DUALSTACK',
    BackupRetentionPolicy: { Type: 'DAYS', Value: 7 },
    TagList: [{ Key: 'stage', Value: 'test' }],
  }
  const cluster = clusterIn(await api.call('CreateCluster', input))
  t.like(cluster, {
    NetworkType: 'DUALSTACK',
    BackupRetentionPolicy: { Type: 'DAYS', Value: '7' },
    TagList: [{ Key: 'stage', Value: 'test' }],
  })
  await api.until(() => api.cluster(cluster.ClusterId as never).phase === 'UNINITIALIZED')
  const { body } = await api.call('CreateHsm', { ClusterId: cluster.ClusterId, AvailabilityZone: 'us-east-1b' })
  t.like(body['Hsm'], { EniIp: '10.0.2.10', EniIpV6: 'fd00:0:0:2::a' })
  await api.close()
})

const invalid = 'CloudHsmInvalidRequestException'

/** What CreateCluster refuses: the change to a good request, the type and the message. */
const refusedClusters: ReadonlyArray<readonly [Readonly<Record<string, Json>>, RegExp]> = [
  [{ HsmType: 'hsm1.medium' }, /can no longer be created/],
  [{ HsmType: 'hsm2m.large' }, /does not exist/],
  [{ Mode: null }, /Mode is required/],
  [{ SubnetIds: ['subnet-00000000'] }, /subnet-000000000000487d1 \(us-east-1a\)/],
  [{ SubnetIds: [SUBNETS[0] ?? '', SUBNETS[0] ?? ''] }, /us-east-1a is named twice/],
]
for (const [change, message] of refusedClusters) {
  test(`CreateCluster with ${JSON.stringify(change)} is refused: ${message.source}`, async (t) => {
    const api = await apiLab()
    const answer = await api.call('CreateCluster', { ...createCluster, ...change })
    t.is(answer.status, 400)
    t.is(answer.body['__type'], invalid)
    t.regex(messageOf(answer), message)
    await api.close()
  })
}

test('the fifth cluster of an account is refused', async (t) => {
  const api = await apiLab()
  for (let count = 0; count < 4; count++) t.is((await api.call('CreateCluster', createCluster)).status, 200)
  t.like((await api.call('CreateCluster', createCluster)).body, { __type: invalid })
  await api.close()
})

test('CreateHsm answers with its address, and refuses a second one in the words of AWS', async (t) => {
  const api = await apiLab()
  const clusterId = await newCluster(api)
  const { body } = await api.call('CreateHsm', { ClusterId: clusterId, AvailabilityZone: 'us-east-1a' })
  const { HsmId, EniId, ...rest } = body['Hsm'] as Record<string, string>
  t.regex(HsmId ?? '', /^hsm-[2-7a-z]{11}$/)
  t.regex(EniId ?? '', /^eni-[0-9a-f]{17}$/)
  t.deepEqual(rest, {
    AvailabilityZone: 'us-east-1a',
    ClusterId: clusterId,
    SubnetId: SUBNETS[0],
    EniIp: '10.0.1.10',
    HsmType: 'hsm2m.medium',
    State: 'CREATE_IN_PROGRESS',
  })
  t.deepEqual((await api.call('CreateHsm', { ClusterId: clusterId, AvailabilityZone: 'us-east-1b' })).body, {
    __type: invalid,
    Message: `Cluster '${clusterId}' already contains an HSM but has not yet been fully activated`,
  })
  await api.close()
})

test('certificates appear with the first HSM, and give way to the cluster certificate', async (t) => {
  const api = await apiLab()
  const clusterId = await newCluster(api)
  await newHsm(api, clusterId)
  const describe = async () => clustersIn(await api.call('DescribeClusters', {}))[0]
  t.deepEqual((await describe())?.['Certificates'], {
    ClusterCsr: 'csr',
    HsmCertificate: 'hsm',
    AwsHardwareCertificate: 'aws',
    ManufacturerHardwareCertificate: 'manufacturer',
  })
  const input = { ClusterId: clusterId, SignedCert: 'cert', TrustAnchor: 'ca' }
  t.deepEqual((await api.call('InitializeCluster', input)).body, {
    State: 'INITIALIZE_IN_PROGRESS',
    StateMessage: 'Cluster is initializing. State will change to INITIALIZED upon completion.',
  })
  await api.until(() => api.cluster(clusterId as never).phase === 'INITIALIZED')
  t.deepEqual((await describe())?.['Certificates'], { ClusterCertificate: 'cert' })
  t.is((await describe())?.State, 'INITIALIZED')
  await api.close()
})

test("InitializeCluster refuses before there is an HSM, and a certificate that is not the cluster's", async (t) => {
  const api = await apiLab()
  const clusterId = await newCluster(api)
  const input = { ClusterId: clusterId, SignedCert: 'other', TrustAnchor: 'ca' }
  t.regex(messageOf(await api.call('InitializeCluster', input)), /has no active HSM/)
  await newHsm(api, clusterId)
  t.deepEqual((await api.call('InitializeCluster', input)).body, {
    __type: invalid,
    Message: 'SignedCert was not issued for the cluster CSR: its public key is another.',
  })
  await api.close()
})

test('DeleteHsm answers with the id, DeleteCluster only when it is gone', async (t) => {
  const api = await apiLab()
  const clusterId = await newCluster(api)
  const hsmId = await newHsm(api, clusterId)
  t.regex(messageOf(await api.call('DeleteCluster', { ClusterId: clusterId })), /contains 1 HSM/)
  t.deepEqual((await api.call('DeleteHsm', { ClusterId: clusterId, EniIp: '10.0.1.10' })).body, { HsmId: hsmId })
  await api.until(() => Object.keys(api.cluster(clusterId as never).hsms).length === 0)
  t.like(clusterIn(await api.call('DeleteCluster', { ClusterId: clusterId })), {
    State: 'DELETE_IN_PROGRESS',
    StateMessage: 'The cluster is being deleted.',
  })
  await api.until(() => api.cluster(clusterId as never).phase === 'DELETED')
  t.is(clustersIn(await api.call('DescribeClusters', {}))[0]?.State, 'DELETED')
  t.like((await api.call('DeleteCluster', { ClusterId: clusterId })).body, {
    __type: 'CloudHsmResourceNotFoundException',
  })
  await api.close()
})

test('an unknown HSM is not found', async (t) => {
  const api = await apiLab()
  const clusterId = await newCluster(api)
  t.deepEqual((await api.call('DeleteHsm', { ClusterId: clusterId, HsmId: 'hsm-aaaaaaaaaaa' })).body, {
    __type: 'CloudHsmResourceNotFoundException',
    Message: `HSM hsm-aaaaaaaaaaa was not found in cluster ${clusterId}.`,
  })
  await api.close()
})

test('DescribeClusters pages through all clusters once, in the order of their creation', async (t) => {
  const api = await apiLab()
  const created: string[] = []
  for (let count = 0; count < 4; count++) created.push(await newCluster(api))
  const seen: string[] = []
  let token: Json = null
  for (let pages = 0; pages < 5; pages++) {
    const answer = await api.call('DescribeClusters', { MaxResults: 1, NextToken: token })
    seen.push(...clustersIn(answer).map(({ ClusterId }) => ClusterId))
    token = answer.body['NextToken'] ?? null
    if (token === null) break
  }
  t.deepEqual(seen, created)
  await api.close()
})

test('filters: values of one key are alternatives, keys all have to match, unknown ids match nothing', async (t) => {
  const api = await apiLab()
  const one = await newCluster(api)
  const two = await newCluster(api)
  const found = async (filters: Json) =>
    clustersIn(await api.call('DescribeClusters', { Filters: filters })).map(({ ClusterId }) => ClusterId)
  t.deepEqual(await found({ clusterIds: [two] }), [two])
  t.deepEqual(await found({ clusterIds: [one, two, 'cluster-zzzzzzzzzzz'] }), [one, two])
  t.deepEqual(await found({ clusterIds: [one], states: ['ACTIVE'] }), [])
  t.deepEqual(await found({ states: ['UNINITIALIZED'], vpcIds: ['vpc-000000000000487d0'] }), [one, two])
  t.deepEqual(await found({ clusterIds: ['nothing'] }), [])
  t.deepEqual(await found({ clusterIds: [] }), [])
  await api.close()
})

test('what the log cannot take is an internal failure with status 500', async (t) => {
  const api = await apiLab()
  await api.close()
  const { status, body } = await api.call('CreateCluster', createCluster)
  t.is(status, 500)
  t.is(body['__type'], 'CloudHsmInternalFailureException')
})
