import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { CloudHSMV2Client, type Cluster, paginateDescribeClusters } from '@aws-sdk/client-cloudhsm-v2'
import { until } from '../support/patience.ts'
import { ADMIN, dataOf, type Product, startProduct, type Words } from '../support/product.ts'
import { type Ran, run } from '../support/run.ts'
import { requireTool } from '../support/tools.ts'

type Bench = Product &
  Readonly<{
    /** `aws cloudhsmv2 …` with nothing but the environment that `hsmlab env` exports. */
    aws: (...words: Words) => Promise<Ran>
    /** The same, parsed; fails the test when it is refused. */
    answered: <A>(...words: Words) => Promise<A>
    openssl: (...words: Words) => Promise<string>
    describe: (clusterId: string) => Promise<Cluster>
  }>

const startBench = async (t: ExecutionContext): Promise<Bench | undefined> => {
  const awsPath = requireTool(t, 'aws')
  const opensslPath = requireTool(t, 'openssl')
  if (awsPath === undefined || opensslPath === undefined) return undefined
  const product = await startProduct(t, '--empty')
  const { env, folder: cwd } = product
  const aws: Bench['aws'] = (...words) => run(awsPath, ['--output', 'json', 'cloudhsmv2', ...words], { env, cwd })
  const answered = async <A>(...words: Words): Promise<A> => {
    const { status, stdout, text } = await aws(...words)
    if (status !== 0) throw new Error(`aws cloudhsmv2 ${words.join(' ')}: ${text}`)
    return (stdout.length === 0 ? undefined : JSON.parse(stdout.toString())) as A
  }
  return {
    ...product,
    aws,
    answered,
    openssl: async (...words) => {
      const { status, text } = await run(opensslPath, words, { cwd })
      if (status !== 0) throw new Error(`openssl ${words.join(' ')}: ${text}`)
      return text
    },
    describe: async (clusterId) => {
      const { Clusters } = await answered<Readonly<{ Clusters: ReadonlyArray<Cluster> }>>(
        'describe-clusters',
        '--filters',
        `clusterIds=${clusterId}`,
      )
      return Clusters[0] ?? {}
    },
  }
}

const subnetsOf = async ({ ready }: Bench): Promise<ReadonlyArray<string>> =>
  [...(await (await fetch(ready.endpoint)).text()).matchAll(/subnet-[0-9a-f]{17}/g)].map(([subnetId]) => subnetId)

/** Runs the body with a product that is empty, where the tools are there. */
const onBench = (body: (t: ExecutionContext, bench: Bench) => Promise<void>) => async (t: ExecutionContext) => {
  const bench = await startBench(t)
  if (bench !== undefined) await body(t, bench)
}

const createCluster = async ({ answered, describe, ...bench }: Bench): Promise<string> => {
  const subnets = await subnetsOf({ answered, describe, ...bench })
  const words = ['create-cluster', '--hsm-type', 'hsm2m.medium', '--mode', 'FIPS', '--subnet-ids', ...subnets]
  const { Cluster: created } = await answered<Readonly<{ Cluster: Cluster }>>(...words)
  const clusterId = created.ClusterId ?? ''
  await until(
    () => describe(clusterId),
    ({ State }) => State === 'UNINITIALIZED',
  )
  return clusterId
}

const activeHsms = ({ Hsms }: Cluster): number => Hsms?.filter(({ State }) => State === 'ACTIVE').length ?? 0

const createHsm = ({ answered }: Bench, clusterId: string, zone: string) =>
  answered<Readonly<{ Hsm: Readonly<{ HsmId: string; EniIp: string; EniId: string }> }>>(
    'create-hsm',
    '--cluster-id',
    clusterId,
    '--availability-zone',
    zone,
  )

const makeCa = async ({ openssl }: Bench, name: string, algorithm: Words): Promise<void> => {
  await openssl('genpkey', ...algorithm, '-out', `${name}.key`)
  await openssl(
    'req',
    '-new',
    '-x509',
    '-days',
    '3652',
    '-key',
    `${name}.key`,
    '-subj',
    `/CN=${name}`,
    '-out',
    `${name}.crt`,
  )
}

const signCsr = ({ openssl }: Bench, csr: string, ca: string, out: string, days = '3652') =>
  openssl(
    'x509',
    '-req',
    '-days',
    days,
    '-in',
    csr,
    '-CA',
    `${ca}.crt`,
    '-CAkey',
    `${ca}.key`,
    '-CAcreateserial',
    '-out',
    out,
  )

const RSA: Words = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048']
const EC: Words = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']

/** Writes the certificates of an uninitialized cluster into the folder. */
const writeCertificates = async ({ file }: Bench, { Certificates: all }: Cluster): Promise<void> => {
  await writeFile(file('cluster.csr'), all?.ClusterCsr ?? '')
  await writeFile(file('hsm.crt'), all?.HsmCertificate ?? '')
  await writeFile(file('aws-hardware.crt'), all?.AwsHardwareCertificate ?? '')
  await writeFile(file('manufacturer-hardware.crt'), all?.ManufacturerHardwareCertificate ?? '')
}

const initializeWords = (clusterId: string, cert: string, anchor: string): Words => [
  'initialize-cluster',
  '--cluster-id',
  clusterId,
  '--signed-cert',
  `file://${cert}`,
  '--trust-anchor',
  `file://${anchor}`,
]

test.serial(
  'the AWS CLI and openssl take a cluster from nothing to three HSMs and back, its identity verified on the way',
  onBench(async (t, bench) => {
    const { aws, answered, openssl, describe, file, data, cloudhsmCli } = bench
    const clusterId = await createCluster(bench)
    const fresh = await describe(clusterId)
    t.deepEqual(fresh.Certificates, {})
    t.regex(fresh.SecurityGroup ?? '', /^sg-[0-9a-f]{17}$/)
    t.deepEqual(Object.keys(fresh.SubnetMapping ?? {}), ['us-east-1a', 'us-east-1b', 'us-east-1c'])

    const { Hsm: first } = await createHsm(bench, clusterId, 'us-east-1a')
    t.regex(first.EniId, /^eni-[0-9a-f]{17}$/)
    const uninitialized = await until(
      () => describe(clusterId),
      (cluster) => activeHsms(cluster) === 1,
    )
    const second = await aws('create-hsm', '--cluster-id', clusterId, '--availability-zone', 'us-east-1b')
    t.not(second.status, 0)
    t.true(
      second.stderr.includes(
        `(CloudHsmInvalidRequestException) when calling the CreateHsm operation: Cluster '${clusterId}' already contains an HSM but has not yet been fully activated`,
      ),
      second.stderr,
    )

    // "Verify the identity and authenticity of your cluster's HSM": both chains, and the key of the CSR.
    await writeCertificates(bench, uninitialized)
    const hardware = join(data, 'hardware')
    for (const [root, name] of [
      ['AWS_CloudHSM_Root-G1.crt', 'aws-hardware.crt'],
      ['liquid_security_certificate.crt', 'manufacturer-hardware.crt'],
    ] as const) {
      const verify = ['verify', '-CAfile', join(hardware, root), '-untrusted', name, 'hsm.crt']
      t.is(await openssl(...verify), 'hsm.crt: OK\n')
    }
    const crossed = [
      'verify',
      '-CAfile',
      join(hardware, 'AWS_CloudHSM_Root-G1.crt'),
      '-untrusted',
      'manufacturer-hardware.crt',
      'hsm.crt',
    ]
    await t.throwsAsync(openssl(...crossed))
    t.is(
      await openssl('req', '-in', 'cluster.csr', '-noout', '-pubkey'),
      await openssl('x509', '-in', 'hsm.crt', '-noout', '-pubkey'),
    )
    t.regex(await openssl('req', '-in', 'cluster.csr', '-noout', '-verify'), /verify OK/)

    await makeCa(bench, 'customerCA', RSA)
    await signCsr(bench, 'cluster.csr', 'customerCA', 'cluster.crt')
    await answered(...initializeWords(clusterId, 'cluster.crt', 'customerCA.crt'))
    const initialized = await until(
      () => describe(clusterId),
      ({ State }) => State === 'INITIALIZED',
    )
    t.deepEqual(initialized.Certificates, { ClusterCertificate: await readFile(file('cluster.crt'), 'utf8') })

    const before = dataOf<Users>(await cloudhsmCli(undefined, 'user', 'list'))
    t.deepEqual(before.users.map(roleOf), ['admin: unactivated-admin', 'app_user: internal(APPLIANCE_USER)'])
    const activated = await cloudhsmCli(undefined, 'cluster', 'activate', '--password', 'password1')
    t.is(dataOf(activated), 'Cluster activation successful')
    await until(
      () => describe(clusterId),
      ({ State }) => State === 'ACTIVE',
    )
    const again = await cloudhsmCli(undefined, 'cluster', 'activate', '--password', 'password3')
    t.not(again.status, 0, 'it is activated once')

    await cloudhsmCli(
      ADMIN,
      'user',
      'create',
      '--username',
      'alice',
      '--role',
      'crypto-user',
      '--password',
      'password2',
    )
    for (const zone of ['us-east-1b', 'us-east-1c']) await createHsm(bench, clusterId, zone)
    const grown = await until(
      () => describe(clusterId),
      (cluster) => activeHsms(cluster) === 3 && cluster.State === 'ACTIVE',
    )
    // What the first HSM held came to the others in a backup.
    const { users } = dataOf<Users>(await cloudhsmCli(undefined, 'user', 'list'))
    t.deepEqual(users.map(roleOf), ['admin: admin', 'alice: crypto-user', 'app_user: internal(APPLIANCE_USER)'])
    t.true(users.every((user) => user['cluster-coverage'] === 'full'))

    const full = await aws('delete-cluster', '--cluster-id', clusterId)
    t.regex(full.stderr, /\(CloudHsmInvalidRequestException\)/)
    t.deepEqual(await answered('delete-hsm', '--cluster-id', clusterId, '--eni-ip', first.EniIp), {
      HsmId: first.HsmId,
    })
    const rest = grown.Hsms?.filter(({ HsmId }) => HsmId !== first.HsmId) ?? []
    const [byId, byEni] = rest
    await answered('delete-hsm', '--cluster-id', clusterId, '--hsm-id', byId?.HsmId ?? '')
    await answered('delete-hsm', '--cluster-id', clusterId, '--eni-id', byEni?.EniId ?? '')
    const emptied = await until(
      () => describe(clusterId),
      ({ Hsms }) => Hsms?.length === 0,
    )
    t.is(emptied.State, 'ACTIVE')
    await answered('delete-cluster', '--cluster-id', clusterId)
    await until(
      () => describe(clusterId),
      ({ State }) => State === 'DELETED',
    )
    const unknown = await aws('delete-cluster', '--cluster-id', 'cluster-aaaaaaaaaaa')
    t.regex(unknown.stderr, /\(CloudHsmResourceNotFoundException\)/)
  }),
)

type Users = Readonly<{
  users: ReadonlyArray<Readonly<{ username: string; role: string; 'cluster-coverage': string }>>
}>
const roleOf = ({ username, role }: Users['users'][number]): string => `${username}: ${role}`

test.serial(
  'certificates that do not fit are refused and leave the cluster as it was; one of an EC chain is taken',
  onBench(async (t, bench) => {
    const { aws, answered, openssl, describe, file } = bench
    const clusterId = await createCluster(bench)
    await createHsm(bench, clusterId, 'us-east-1a')
    const cluster = await until(
      () => describe(clusterId),
      (shown) => activeHsms(shown) === 1,
    )
    await writeCertificates(bench, cluster)
    await makeCa(bench, 'root', EC)
    await makeCa(bench, 'stranger', RSA)
    const otherKey = ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'other.key', '-subj', '/CN=x']
    await openssl(...otherKey, '-out', 'other.csr')
    await signCsr(bench, 'other.csr', 'root', 'other.crt')
    await signCsr(bench, 'cluster.csr', 'root', 'expired.crt', '-1')
    await signCsr(bench, 'cluster.csr', 'stranger', 'strange.crt')
    const ca = [
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-384',
      '-nodes',
      '-keyout',
      'issuing.key',
    ]
    await openssl(...ca, '-subj', '/CN=issuing', '-out', 'issuing.csr')
    await writeFile(file('ca.ext'), 'basicConstraints=critical,CA:TRUE\n')
    const issue = [
      '-CA',
      'root.crt',
      '-CAkey',
      'root.key',
      '-CAcreateserial',
      '-extfile',
      'ca.ext',
      '-out',
      'issuing.crt',
    ]
    await openssl('x509', '-req', '-days', '365', '-in', 'issuing.csr', ...issue)
    await signCsr(bench, 'cluster.csr', 'issuing', 'cluster.crt', '365')
    await writeFile(file('garbage.crt'), 'no certificate')
    const bad = [
      ['other.crt', 'root.crt', /its public key is another/],
      ['expired.crt', 'root.crt', /expired/],
      ['strange.crt', 'root.crt', /was not issued by/],
      ['garbage.crt', 'root.crt', /SignedCert is not a PEM/],
      ['strange.crt', 'garbage.crt', /TrustAnchor is not a PEM/],
      ['cluster.crt', 'issuing.crt', /must end with a self-signed certificate/],
      ['cluster.crt', 'root.crt', /was not issued by/],
    ] as const
    for (const [cert, anchor, why] of bad) {
      const refused = await aws(...initializeWords(clusterId, cert, anchor))
      t.regex(refused.stderr, /\(CloudHsmInvalidRequestException\) when calling the InitializeCluster operation/)
      t.regex(refused.stderr, why, `${cert} under ${anchor}`)
    }
    t.is((await describe(clusterId)).State, 'UNINITIALIZED')

    // The chain is the trust anchor, issuer by issuer.
    const chain = await Promise.all(['issuing.crt', 'root.crt'].map((name) => readFile(file(name), 'utf8')))
    await writeFile(file('chain.crt'), chain.join(''))
    await answered(...initializeWords(clusterId, 'cluster.crt', 'chain.crt'))
    await until(
      () => describe(clusterId),
      ({ State }) => State === 'INITIALIZED',
    )
  }),
)

test.serial(
  "AWS's SDK pages through clusters, filters them, and names the errors of the model",
  onBench(async (t, bench) => {
    const created = [await createCluster(bench), await createCluster(bench), await createCluster(bench)]
    const client = new CloudHSMV2Client({
      endpoint: bench.ready.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: '000000000000', secretAccessKey: 'anything' },
    })
    t.teardown(() => client.destroy())
    const pages: string[][] = []
    for await (const { Clusters } of paginateDescribeClusters({ client, pageSize: 2 }, {})) {
      pages.push((Clusters ?? []).map(({ ClusterId }) => ClusterId ?? ''))
    }
    t.deepEqual(pages, [created.slice(0, 2), created.slice(2)])

    type Described = Readonly<{ Clusters: ReadonlyArray<Cluster> }>
    const filtered = async (filters: string) =>
      (await bench.answered<Described>('describe-clusters', '--filters', filters)).Clusters.map((c) => c.ClusterId)
    t.deepEqual(await filtered(`clusterIds=[${created[0]},${created[2]}],states=UNINITIALIZED`), [
      created[0],
      created[2],
    ])
    t.deepEqual(await filtered('states=ACTIVE'), [])
    t.deepEqual(await filtered('clusterIds=cluster-zzzzzzzzzzz'), [])
  }),
)

test.serial(
  "operations that come later answer with the service's own error, and change nothing",
  onBench(async (t, { aws }) => {
    const later: ReadonlyArray<Words> = [
      ['describe-backups'],
      ['list-tags', '--resource-id', 'cluster-aaaaaaaaaaa'],
      ['tag-resource', '--resource-id', 'cluster-aaaaaaaaaaa', '--tag-list', 'Key=a,Value=b'],
      ['delete-backup', '--backup-id', 'backup-aaaaaaaaaaa'],
      ['restore-backup', '--backup-id', 'backup-aaaaaaaaaaa'],
      ['copy-backup-to-region', '--destination-region', 'us-west-2', '--backup-id', 'backup-aaaaaaaaaaa'],
      ['modify-backup-attributes', '--backup-id', 'backup-aaaaaaaaaaa', '--never-expires'],
    ]
    for (const words of later) {
      const { status, stderr } = await aws(...words)
      t.not(status, 0)
      t.regex(
        stderr,
        /An error occurred \(CloudHsmServiceException\) when calling the \w+ operation: hsmlab does not offer/,
      )
    }
  }),
)

const SCOPE = '000000000000/20260101/us-east-1/cloudhsm/aws4_request'
const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=${SCOPE}, SignedHeaders=host, Signature=${'0'.repeat(64)}`

test.serial('bad input at the AWS endpoint gets the error that it deserves, and harms nobody', async (t) => {
  const { ready, process: running } = await startProduct(t, '--empty')
  const good = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'BaldrApiService.DescribeClusters',
    authorization: AUTHORIZATION,
  }
  const post = async (body: string | Uint8Array, headers: Readonly<Record<string, string>> = good) => {
    const answer = await fetch(ready.endpoint, { method: 'POST', headers, body: Buffer.from(body) })
    const { __type: type = '', Message: message = '' } = (await answer.json()) as Readonly<Record<string, string>>
    return { status: answer.status, type, message }
  }
  for (const body of ['{', '[', '{"Filters":', '\u0000', '{"a":1}}'])
    t.like(await post(body), { status: 400, type: 'SerializationException' }, body)
  t.like(await post(Uint8Array.of(0xff, 0xfe, 0x00)), { status: 400, type: 'SerializationException' })
  const { 'x-amz-target': _target, ...untargeted } = good
  for (const target of [
    '',
    'DescribeClusters',
    'BaldrApiService.',
    'BaldrApiService.Nope',
    'BaldrApiService.__proto__',
    'X'.repeat(5000),
  ]) {
    const headers = target === '' ? untargeted : { ...untargeted, 'x-amz-target': target }
    t.like(await post('{}', headers), { status: 400, type: 'UnknownOperationException' }, target.slice(0, 40))
  }
  const invalid = { status: 400, type: 'CloudHsmInvalidRequestException' }
  const as = (operation: string) => ({ ...good, 'x-amz-target': `BaldrApiService.${operation}` })
  t.like(await post(JSON.stringify({ ClusterId: `cluster-${'a'.repeat(10_000)}` }), as('DeleteCluster')), invalid)
  t.like(await post(JSON.stringify({ ClusterId: { $ne: '' } }), as('DeleteCluster')), { status: 400 })
  t.like(await post(JSON.stringify({ NextToken: 'x'.repeat(257) })), invalid)
  t.like(await post(JSON.stringify({ NextToken: 'bm90aGluZw==' })), invalid)
  t.like(await post(JSON.stringify({ MaxResults: 26 })), invalid)
  t.like(
    await post(
      JSON.stringify({ ClusterId: 'cluster-aaaaaaaaaaa', SignedCert: 'A'.repeat(20_001), TrustAnchor: 'A' }),
      as('InitializeCluster'),
    ),
    invalid,
  )
  t.like(await post('{}', as('CreateCluster')), invalid)
  t.is(
    (await fetch(ready.endpoint, { method: 'POST', headers: good, body: 'x'.repeat(5_000_000) }).catch(() => undefined))
      ?.ok ?? false,
    false,
  )
  t.is((await fetch(ready.endpoint, { method: 'DELETE' })).status, 405)
  t.like(await post('{}'), { status: 200, type: '' })
  t.is(running.exitCode, null)
})
