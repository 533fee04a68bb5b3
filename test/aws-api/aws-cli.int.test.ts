import test from 'ava'
import { requireTool } from '../support/tools.ts'
import { type Failed, makeCa, type Product, signRequest, startProduct } from './product.ts'

type Aws = ReturnType<Product['aws']>
type CreatedCluster = Readonly<{ Cluster: Readonly<{ ClusterId: string; State: string; SecurityGroup: string }> }>
type CreatedHsm = Readonly<{ Hsm: Readonly<{ HsmId: string; EniIp: string; State: string }> }>

/** What `aws` prints when the service refuses. */
const refusal = async (aws: Aws, ...parts: ReadonlyArray<string>): Promise<string> => {
  try {
    return `accepted: ${JSON.stringify(await aws(...parts))}`
  } catch (error) {
    return (error as Failed).stderr.trim()
  }
}

test('the AWS CLI and openssl take a cluster from nothing to ACTIVE, to three HSMs and back to none', async (t) => {
  const command = requireTool(t, 'aws')
  const openssl = requireTool(t, 'openssl')
  if (command === undefined || openssl === undefined) return
  const product = await startProduct()
  t.teardown(product.close)
  const aws = product.aws(command)

  const create = ['create-cluster', '--hsm-type', 'hsm2m.medium', '--subnet-ids', ...product.subnetIds]
  t.regex(await refusal(aws, ...create), /\(CloudHsmInvalidRequestException\).*Mode is required/)
  const { Cluster } = (await aws(...create, '--mode', 'FIPS')) as CreatedCluster
  t.is(Cluster.State, 'CREATE_IN_PROGRESS')
  t.regex(Cluster.SecurityGroup, /^sg-[0-9a-f]{17}$/)
  const clusterId = Cluster.ClusterId
  const ofCluster = ['--cluster-id', clusterId]
  await product.until(clusterId, ({ State }) => State === 'UNINITIALIZED')

  const inZone = (zone: string) => ['create-hsm', ...ofCluster, '--availability-zone', zone]
  const { Hsm: first } = (await aws(...inZone('us-east-1a'))) as CreatedHsm
  t.is(first.State, 'CREATE_IN_PROGRESS')
  const { Certificates } = await product.until(clusterId, ({ Hsms }) => Hsms?.[0]?.State === 'ACTIVE')
  t.true(
    (await refusal(aws, ...inZone('us-east-1b'))).endsWith(
      `Cluster '${clusterId}' already contains an HSM but has not yet been fully activated`,
    ),
  )

  // The identity of the HSM, as "Verify the identity and authenticity of your cluster's HSM" has it checked.
  product.write('cluster.csr', Certificates?.ClusterCsr ?? '')
  product.write('hsm.crt', Certificates?.HsmCertificate ?? '')
  t.is(
    await product.openssl('req', '-in', 'cluster.csr', '-noout', '-pubkey'),
    await product.openssl('x509', '-in', 'hsm.crt', '-noout', '-pubkey'),
  )
  t.regex(
    await product.openssl('req', '-in', 'cluster.csr', '-noout', '-subject'),
    /C = US, ST = CA, O = Cavium, OU = N3FIPS, L = SanJose, CN = "HSM:\S+:PARTN:\d+, for FIPS mode"/,
  )

  // Certificates that do not match.
  await makeCa(product, 'customerCA')
  await makeCa(product, 'stranger')
  await product.openssl(
    'req',
    '-new',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'x.key',
    '-out',
    'other.csr',
    '-subj',
    '/CN=x',
  )
  await signRequest(product, 'cluster', 'customerCA', 'good')
  await signRequest(product, 'other', 'customerCA', 'otherKey')
  await signRequest(product, 'cluster', 'customerCA', 'expired', '-1')
  const initialize = (cert: string, ca: string) => {
    const certificates = ['--signed-cert', `file://${cert}.crt`, '--trust-anchor', `file://${ca}.crt`]
    return ['initialize-cluster', ...ofCluster, ...certificates]
  }
  t.regex(await refusal(aws, ...initialize('otherKey', 'customerCA')), /was not issued for the cluster CSR/)
  t.regex(await refusal(aws, ...initialize('expired', 'customerCA')), /expired on \d{4}-\d\d-\d\d/)
  t.regex(
    await refusal(aws, ...initialize('good', 'stranger')),
    /was not issued by the next certificate of TrustAnchor/,
  )
  t.is((await product.describe(clusterId)).State, 'UNINITIALIZED')

  t.deepEqual(await aws(...initialize('good', 'customerCA')), {
    State: 'INITIALIZE_IN_PROGRESS',
    StateMessage: 'Cluster is initializing. State will change to INITIALIZED upon completion.',
  })
  const initialized = await product.until(clusterId, ({ State }) => State === 'INITIALIZED')
  t.deepEqual(initialized.Certificates, { ClusterCertificate: product.read('good.crt') })

  // Activation is a matter of the data plane; the service notices.
  await product.cloudhsmCli('cluster', 'activate', '--password', 'password1')
  await product.until(clusterId, ({ State }) => State === 'ACTIVE')

  for (const zone of ['us-east-1b', 'us-east-1c']) await aws(...inZone(zone))
  const grown = await product.until(
    clusterId,
    ({ State, Hsms }) => State === 'ACTIVE' && Hsms?.filter((hsm) => hsm.State === 'ACTIVE').length === 3,
  )
  t.deepEqual(
    grown.Hsms?.map(({ EniIp }) => EniIp),
    ['10.0.1.10', '10.0.2.10', '10.0.3.10'],
  )

  t.regex(await refusal(aws, 'delete-cluster', ...ofCluster), /contains 3 HSM\(s\)/)
  t.deepEqual(await aws('delete-hsm', ...ofCluster, '--eni-ip', first.EniIp), { HsmId: first.HsmId })
  await product.until(clusterId, ({ Hsms }) => Hsms?.length === 2)
  for (const { HsmId } of (await product.describe(clusterId)).Hsms ?? []) {
    await aws('delete-hsm', ...ofCluster, '--hsm-id', HsmId ?? '')
  }
  const emptied = await product.until(clusterId, ({ Hsms }) => Hsms?.length === 0)
  t.is(emptied.State, 'ACTIVE')
  await aws('delete-cluster', ...ofCluster)
  await product.until(clusterId, ({ State }) => State === 'DELETED')
})
