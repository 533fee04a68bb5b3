import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import test, { type ExecutionContext } from 'ava'
import { runConfigure } from '../../src/configure/main.ts'
import type { Tool } from '../../src/configure/options.ts'
import { temporaryFolder } from '../support/instance.ts'

const run = async (data: string, tool: Tool, line: string, environment: Readonly<Record<string, string>> = {}) => {
  let said = ''
  const sink = new Writable({
    write: (chunk: Buffer, _, done) => {
      said += chunk.toString('utf8')
      done()
    },
  })
  const words = line.split(' ').filter((word) => word !== '')
  const world = { environment: { HSMLAB_DATA: data, ...environment }, output: sink, errors: sink }
  return { code: await runConfigure(tool, words, world), said }
}

const fileOf = (data: string, tool: Tool): string => join(data, 'etc', `cloudhsm-${tool}.cfg`)
const written = (data: string, tool: Tool): unknown => JSON.parse(readFileSync(fileOf(data, tool), 'utf8'))

const servers = (...addresses: ReadonlyArray<string>) =>
  addresses.map((hostname) => ({ hostname, port: 2223, enable: true }))

test('addresses and a CA make a file of the shape of AWS', async (t) => {
  const data = temporaryFolder(t)
  const ca = join(data, 'my-ca.crt')
  writeFileSync(ca, 'PEM')
  const { code, said } = await run(data, 'pkcs11', `-a 10.0.1.12 10.0.2.7 --hsm-ca-cert ${ca} --log-level debug`)
  t.is(code, 0)
  t.is(said, `Wrote ${fileOf(data, 'pkcs11')}\n`)
  t.deepEqual(written(data, 'pkcs11'), {
    clusters: [
      {
        type: 'hsm2m.medium',
        cluster: {
          hsm_ca_file: ca,
          servers: servers('10.0.1.12', '10.0.2.7'),
          options: { disable_key_availability_check: false },
        },
      },
    ],
    logging: {
      log_type: 'file',
      log_file: join(data, 'run', 'cloudhsm-pkcs11.log'),
      log_level: 'debug',
      log_interval: 'daily',
    },
  })
  t.is(statSync(fileOf(data, 'pkcs11')).mode & 0o777, 0o600)
})

test('options alone change what is there, and each tool has its own file', async (t) => {
  const data = temporaryFolder(t)
  await run(data, 'cli', '-a 10.0.1.12')
  await run(data, 'cli', '--disable-key-availability-check --default-retry-mode off')
  t.like(written(data, 'cli'), {
    clusters: [
      {
        cluster: {
          servers: servers('10.0.1.12'),
          options: { disable_key_availability_check: true, default_retry_mode: 'off' },
        },
      },
    ],
  })
  await run(data, 'cli', '--enable-key-availability-check')
  t.like(written(data, 'cli'), { clusters: [{ cluster: { options: { disable_key_availability_check: false } } }] })
  t.throws(() => written(data, 'pkcs11'))
})

test('a fresh folder takes options alone: they are about the only cluster there is', async (t) => {
  const data = temporaryFolder(t)
  t.is((await run(data, 'pkcs11', '--disable-key-availability-check')).code, 0)
  t.like(written(data, 'pkcs11'), {
    clusters: [
      {
        cluster: {
          hsm_ca_file: join(data, 'customerCA.crt'),
          servers: [],
          options: { disable_key_availability_check: true },
        },
      },
    ],
  })
})

test('wrong words are refused as clap does, wrong values by name', async (t) => {
  const data = temporaryFolder(t)
  const refusals = [
    ['--nothing', 2, `error: unexpected argument '--nothing' found`],
    ['--disable-key-availability-chek', 2, `tip: a similar argument exists: '--disable-key-availability-check'`],
    ['--log-level loud', 2, `error: invalid value 'loud' for '--log-level <LEVEL>'`],
    ['-a', 2, `error: a value is required for '--addresses <IP>...' but none was supplied`],
    ['add-cluster', 2, '--cluster-id <CLUSTER_ID>'],
    ['-a somewhere', 1, 'error: Invalid value for -a: somewhere is no IP address'],
    ['--cluster-id x', 1, 'error: Invalid value for --cluster-id'],
    ['--hsm-ca-cert /nowhere/ca.crt', 1, 'error: There is no file /nowhere/ca.crt'],
  ] as const
  for (const [line, expected, text] of refusals) {
    const { code, said } = await run(data, 'pkcs11', line)
    t.is(code, expected, line)
    t.true(said.includes(text), said)
  }
  t.is((await run(data, 'cli', '--enable-certificate-storage')).code, 2)
  t.is((await run(data, 'pkcs11', '--enable-certificate-storage')).code, 0)
})

test('a file that makes no sense is left alone and named', async (t) => {
  const data = temporaryFolder(t)
  mkdirSync(join(data, 'etc'))
  for (const text of ['{', '{"clusters":[{"type":1}]}']) {
    writeFileSync(fileOf(data, 'pkcs11'), text)
    const { code, said } = await run(data, 'pkcs11', '-a 10.0.0.1')
    t.is(code, 1)
    t.true(said.includes(fileOf(data, 'pkcs11')))
    t.is(readFileSync(fileOf(data, 'pkcs11'), 'utf8'), text)
  }
})

type Asked = { headers: Readonly<Record<string, unknown>>; body: string }

/** An AWS endpoint that answers one thing, and what it was asked. */
const endpoint = async (t: ExecutionContext, status: number, answer: object) => {
  const asked: Asked[] = []
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')))
    request.on('end', () => {
      asked.push({ headers: request.headers, body })
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, asked }
}

const described = {
  Clusters: [
    {
      ClusterId: 'cluster-aaaaaaaaaaa',
      HsmType: 'hsm2m.medium',
      Hsms: [
        { HsmId: 'hsm-aaaaaaaaaaa', EniIp: '10.0.1.5', State: 'ACTIVE' },
        { HsmId: 'hsm-bbbbbbbbbbb', EniIp: '10.0.2.5', State: 'CREATE_IN_PROGRESS' },
        { HsmId: 'hsm-ccccccccccc', EniIp: '10.0.3.5', State: 'ACTIVE' },
      ],
    },
  ],
}

test('a cluster id is resolved by the AWS endpoint', async (t) => {
  const data = temporaryFolder(t)
  const { url, asked } = await endpoint(t, 200, described)
  const line = `--cluster-id cluster-aaaaaaaaaaa --endpoint ${url} --region eu-west-1`
  t.is((await run(data, 'pkcs11', line)).code, 0)
  t.like(written(data, 'pkcs11'), {
    clusters: [
      {
        type: 'hsm2m.medium',
        cluster: { cluster_id: 'cluster-aaaaaaaaaaa', servers: servers('10.0.1.5', '10.0.3.5') },
      },
    ],
  })
  t.is(asked[0]?.body, '{"Filters":{"clusterIds":["cluster-aaaaaaaaaaa"]}}')
  t.is(asked[0]?.headers['x-amz-target'], 'BaldrApiService.DescribeClusters')
  t.regex(
    String(asked[0]?.headers['authorization']),
    /^AWS4-HMAC-SHA256 Credential=hsmlab\/\d{8}\/eu-west-1\/cloudhsm\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=[0-9a-f]{64}$/,
  )
})

test('what the endpoint refuses, does not know or does not answer is said', async (t) => {
  const data = temporaryFolder(t)
  const refusing = await endpoint(t, 400, { __type: 'CloudHsmAccessDeniedException', Message: 'no' })
  const empty = await endpoint(t, 200, { Clusters: [] })
  const garbled = await endpoint(t, 200, { Clusters: 1 })
  const id = '--cluster-id cluster-aaaaaaaaaaa'
  const said = async (url: string) => (await run(data, 'pkcs11', `${id} --endpoint ${url}`)).said
  t.is(await said(refusing.url), `error: ${refusing.url} answered 400: CloudHsmAccessDeniedException: no\n`)
  t.is(await said(empty.url), 'error: There is no cluster cluster-aaaaaaaaaaa in us-east-1\n')
  t.regex(await said(garbled.url), /no description of clusters/)
  t.regex(await said('http://127.0.0.1:1'), /does not answer\. Start the product/)
  t.regex((await run(data, 'pkcs11', id)).said, /No AWS endpoint to ask: start the product/)
})

test('clusters are added and removed, and then addresses must say of which', async (t) => {
  const data = temporaryFolder(t)
  const add = (letter: string, address: string) =>
    run(data, 'pkcs11', `add-cluster --cluster-id cluster-${letter.repeat(11)} -a ${address}`)
  t.is((await add('a', '10.0.1.1')).code, 0)
  t.is((await add('b', '10.0.1.2')).code, 0)
  t.regex((await add('b', '10.0.1.2')).said, /is configured already/)
  const ids = () =>
    (written(data, 'pkcs11') as { clusters: { cluster: { cluster_id?: string } }[] }).clusters.map(
      ({ cluster }) => cluster.cluster_id,
    )
  t.deepEqual(ids(), ['cluster-aaaaaaaaaaa', 'cluster-bbbbbbbbbbb'])
  t.regex((await run(data, 'pkcs11', '-a 10.0.0.1')).said, /use add-cluster/)
  t.is((await run(data, 'pkcs11', '--disable-key-availability-check')).code, 0)
  t.is((await run(data, 'pkcs11', 'remove-cluster --cluster-id cluster-aaaaaaaaaaa')).code, 0)
  t.deepEqual(ids(), ['cluster-bbbbbbbbbbb'])
  t.is((await run(data, 'pkcs11', 'remove-cluster --cluster-id cluster-aaaaaaaaaaa')).code, 1)
})

test('new addresses forget the id of the cluster that was there before', async (t) => {
  const data = temporaryFolder(t)
  await run(data, 'cli', 'add-cluster --cluster-id cluster-aaaaaaaaaaa -a 10.0.1.1')
  await run(data, 'cli', '-a 10.0.9.9')
  t.notRegex(readFileSync(fileOf(data, 'cli'), 'utf8'), /cluster_id/)
})

test('help lists the options of its tool', async (t) => {
  const data = temporaryFolder(t)
  for (const line of ['--help', '-h', '']) {
    const { code, said } = await run(data, 'pkcs11', line)
    t.is(code, 0)
    t.regex(said, /Usage: configure-pkcs11 \[OPTIONS\]/)
    t.regex(said, /-a, --addresses <IP>\.\.\./)
    t.regex(said, /add-cluster/)
  }
})
