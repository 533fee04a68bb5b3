import test from 'ava'
import {
  type CloudHSMV2Client,
  type Cluster,
  CreateClusterCommand,
  CreateHsmCommand,
  DeleteClusterCommand,
  DescribeBackupsCommand,
  InitializeClusterCommand,
  paginateDescribeClusters,
} from '@aws-sdk/client-cloudhsm-v2'
import { type Product, startProduct } from './product.ts'

/** The SDK of this release has no `Mode` in its types, but sends it. */
const clusterRequest = (product: Product) => {
  const input = { HsmType: 'hsm2m.medium', Mode: 'FIPS', SubnetIds: [...product.subnetIds] }
  return new CreateClusterCommand(input)
}

const create = async (product: Product): Promise<string> => {
  const { Cluster: created } = await product.sdk.send(clusterRequest(product))
  const clusterId = created?.ClusterId ?? ''
  await product.until(clusterId, ({ State }) => State === 'UNINITIALIZED')
  return clusterId
}

const pages = async (client: CloudHSMV2Client, pageSize: number): Promise<ReadonlyArray<ReadonlyArray<Cluster>>> => {
  const found: Array<ReadonlyArray<Cluster>> = []
  for await (const { Clusters } of paginateDescribeClusters({ client, pageSize }, {})) found.push(Clusters ?? [])
  return found
}

test('the SDK creates, pages and filters, and dates are dates', async (t) => {
  const product = await startProduct()
  t.teardown(product.close)
  const before = Date.now()
  const created = [await create(product), await create(product), await create(product)]
  const found = await pages(product.sdk, 2)
  t.deepEqual(
    found.map((page) => page.length),
    [2, 1],
  )
  t.deepEqual(
    found.flat().map(({ ClusterId }) => ClusterId),
    created,
  )
  const created0 = found[0]?.[0]?.CreateTimestamp?.getTime() ?? 0
  t.true(created0 >= before - 1 && created0 <= Date.now())
})

test('the SDK sees the exceptions of the model, by name and message', async (t) => {
  const product = await startProduct()
  t.teardown(product.close)
  const { sdk } = product
  const missing = await t.throwsAsync(sdk.send(new DeleteClusterCommand({ ClusterId: 'cluster-aaaaaaaaaaa' })))
  t.is(missing?.name, 'CloudHsmResourceNotFoundException')
  const malformed = await t.throwsAsync(sdk.send(new DeleteClusterCommand({ ClusterId: 'x' })))
  t.is(malformed?.name, 'CloudHsmInvalidRequestException')
  t.regex(malformed?.message ?? '', /^1 validation error detected: Value 'x' at 'clusterId'/)
  const later = await t.throwsAsync(sdk.send(new DescribeBackupsCommand({})))
  t.is(later?.name, 'CloudHsmServiceException')

  const clusterId = await create(product)
  const early = new InitializeClusterCommand({ ClusterId: clusterId, SignedCert: 'x', TrustAnchor: 'x' })
  t.regex((await t.throwsAsync(sdk.send(early)))?.message ?? '', /has no active HSM/)
  await sdk.send(new CreateHsmCommand({ ClusterId: clusterId, AvailabilityZone: 'us-east-1a' }))
  await product.until(clusterId, ({ Hsms }) => Hsms?.[0]?.State === 'ACTIVE')
  const wrong = new InitializeClusterCommand({ ClusterId: clusterId, SignedCert: 'x', TrustAnchor: 'x' })
  t.regex((await t.throwsAsync(sdk.send(wrong)))?.message ?? '', /SignedCert is not a PEM encoded X.509 certificate/)
})

test('another account, and another Region, are other worlds', async (t) => {
  const product = await startProduct()
  t.teardown(product.close)
  await create(product)
  for (const client of [product.sdkFor('111111111111', 'us-east-1'), product.sdkFor('000000000000', 'eu-west-1')]) {
    t.deepEqual(await pages(client, 25), [[]])
    client.destroy()
  }
})

test('ten clients that send garbage at once harm nobody', async (t) => {
  const product = await startProduct()
  t.teardown(product.close)
  const garbage = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 256))
  const headers = { 'Content-Type': 'application/x-amz-json-1.1', 'X-Amz-Target': 'BaldrApiService.CreateCluster' }
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => fetch(product.endpoint, { method: 'POST', headers, body: garbage })),
  )
  t.deepEqual(new Set(answers.map(({ status }) => status)), new Set([400]))
  t.truthy(await create(product))
})
