import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { agreement, hsmsOf, makeKey, moreSignatures, noneFailed, succeeds } from '../support/cluster.ts'
import { type NatsProduct, overNats, startNats, startOverNats } from '../support/nats.ts'
import { until } from '../support/patience.ts'
import { files, type Programs, systemPrograms } from '../support/pkcs11.ts'
import { killService, servicesOf } from '../support/processes.ts'
import { dataOf, type Home, makeHome, up, USER1, type Words } from '../support/product.ts'
import { run } from '../support/run.ts'
import { pkcs11ToolSigner, wireSigners } from '../support/signers.ts'
import { requireTool } from '../support/tools.ts'

const SERVICES = [
  'audit-sink',
  'client-proxy',
  'controller',
  'hsm-node us-east-1a',
  'hsm-node us-east-1b',
  'hsm-node us-east-1c',
]

type KeyList = Readonly<{ matched_keys: ReadonlyArray<Readonly<{ attributes: Readonly<{ label: string }> }>> }>
type Verified = Readonly<{ same: boolean; compared: boolean; logs: ReadonlyArray<unknown> }>

/** Labels of user1's keys, as `cloudhsm-cli` lists them; fails where it does not. */
const labelsOf = async ({ cloudhsmCli }: Home): Promise<ReadonlyArray<string>> =>
  dataOf<KeyList>(await cloudhsmCli(USER1, 'key', 'list', '--max-items', '100')).matched_keys.map(
    ({ attributes }) => attributes.label,
  )

const replayGivesTheLiveState = async (t: ExecutionContext, { asked }: Home): Promise<void> => {
  const { same, compared, logs } = await asked<Verified>('replay', '--verify')
  t.true(same && compared)
  t.is(logs.length, 4, 'three HSMs and the controller')
}

/** The audit sink has every record that the HSMs signed, unaltered. */
const auditIsComplete = async (t: ExecutionContext, { hsmlab }: Home): Promise<void> => {
  const { status, text } = await until(
    () => hsmlab('audit', 'verify'),
    (ran) => ran.status === 0 && (ran.text.match(/complete and unaltered/g)?.length ?? 0) >= 3,
  )
  t.is(status, 0, text)
}

/** `pkcs11-tool` signs with the pair of that id, and plain OpenSSL verifies with the exported public key. */
const signsAndVerifies = async (t: ExecutionContext, product: NatsProduct, programs: Programs, id: string) => {
  const { asUser, openssl, seen, exportKey } = programs
  await writeFile(product.file('message'), randomBytes(1000))
  await openssl('dgst', '-sha256', '-binary', '-out', seen('digest'), seen('message'))
  const ecdsa = ['--mechanism', 'ECDSA', '--id', id, '--signature-format', 'openssl']
  await asUser('--sign', ...ecdsa, ...files(programs, 'digest', 'signature'))
  const check = ['dgst', '-sha256', '-verify', await exportKey(id), '-signature', seen('signature'), seen('message')]
  t.regex(await openssl(...check), /Verified OK/)
}

const describedBy = async (t: ExecutionContext, { env, folder, ready }: NatsProduct): Promise<void> => {
  const aws = requireTool(t, 'aws')
  if (aws === undefined) return
  const ran = await run(aws, ['--output', 'json', 'cloudhsmv2', 'describe-clusters'], { env, cwd: folder })
  t.is(ran.status, 0, ran.text)
  const { Clusters } = JSON.parse(ran.stdout.toString()) as Readonly<{
    Clusters: ReadonlyArray<Readonly<{ ClusterId: string; State: string; Hsms: ReadonlyArray<unknown> }>>
  }>
  const [cluster] = Clusters
  t.like(cluster, { ClusterId: ready.clusters[0]?.clusterId, State: 'ACTIVE' })
  t.is(cluster?.Hsms.length, 3)
}

test.serial(
  'over NATS six processes are the product: real programs use it, and none of them fails when an AZ goes and returns',
  async (t) => {
    const product = await startOverNats(t)
    if (product === undefined) return
    const programs = systemPrograms(t, product)
    if (programs === undefined) return
    t.deepEqual([...(await servicesOf(product.ready.pid)).keys()].toSorted(), SERVICES)
    await describedBy(t, product)
    await programs.asUser('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'pair', '--id', '01', '--private')
    await signsAndVerifies(t, product, programs, '01')
    await makeKey(t, product, 'before')

    const signers = [...(await wireSigners(t, product, 2)), await pkcs11ToolSigner(product, programs)]
    t.teardown(async () => void (await Promise.all(signers.map((signer) => signer.stop()))))
    await moreSignatures(signers, 2)
    await succeeds(t, product, 'chaos', 'kill-az', 'us-east-1a')
    t.false((await servicesOf(product.ready.pid)).has('hsm-node us-east-1a'), 'its process is gone')
    await moreSignatures(signers, 3)
    noneFailed(t, signers, 'without us-east-1a')
    await makeKey(t, product, 'meanwhile')
    await succeeds(t, product, 'chaos', 'heal')
    await agreement(product, 3)
    await moreSignatures(signers, 1)
    noneFailed(t, signers, 'when us-east-1a was back')
    t.true((await hsmsOf(product)).every(({ chaos, keys }) => chaos === 'none' && keys === 2 + 2 * 2 + 2 + 2))
    await replayGivesTheLiveState(t, product)
    await auditIsComplete(t, product)
    t.log(`longest signature ${Math.round(Math.max(...signers.map((signer) => signer.longestMillis())))} ms`)
  },
)

test.serial(
  'kill -9 of a node, the controller, the proxy, NATS and the audit sink: all are back with everything acknowledged',
  async (t) => {
    const product = await startOverNats(t)
    if (product === undefined) return
    const programs = systemPrograms(t, product)
    if (programs === undefined) return
    const { ready, server } = product
    await programs.asUser('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'pair', '--id', '01', '--private')
    const labels = ['pair', 'pair']
    const makeAnother = async (label: string): Promise<void> => {
      await makeKey(t, product, label)
      labels.push(label)
    }
    const signers = await wireSigners(t, product, 1)
    t.teardown(async () => void (await Promise.all(signers.map((signer) => signer.stop()))))
    await moreSignatures(signers, 2)

    for (const name of ['hsm-node us-east-1b', 'controller']) {
      await killService(ready.pid, name)
      await makeAnother(`after ${name}`)
      await moreSignatures(signers, 3)
      noneFailed(t, signers, `${name} killed`)
      await agreement(product, 3)
    }
    // The address that programs were given is still the right one.
    await describedBy(t, product)

    // A service that dies while NATS is away cannot start, and is started all the same when NATS is back.
    await server.kill()
    await killService(ready.pid, 'audit-sink')
    await until(
      () => readFile(join(product.data, 'hsmlab.log'), 'utf8'),
      (log) => log.includes('audit-sink: No NATS server answers'),
    )
    await server.restart()
    await until(
      () => product.cloudhsmCli(undefined, 'cluster', 'hsm-info'),
      ({ status }) => status === 0,
    )
    await moreSignatures(signers, 3)
    // With no NATS at all, calls wait for ten seconds.
    const failures = new Set(signers.flatMap((signer) => signer.failures()))
    t.deepEqual(
      [...failures].filter((failure) => failure !== 'CKR_DEVICE_ERROR'),
      [],
    )
    await makeAnother('after NATS')
    await Promise.all(signers.map((signer) => signer.stop()))

    await killService(ready.pid, 'client-proxy')
    await until(
      () => product.cloudhsmCli(undefined, 'cluster', 'hsm-info'),
      ({ status }) => status === 0,
    )
    await signsAndVerifies(t, product, programs, '01')
    await makeAnother('after client-proxy')
    const listed = (await labelsOf(product)).filter((label) => label !== '')
    t.deepEqual(listed.toSorted(), labels.toSorted())
    await agreement(product, 3)
    await replayGivesTheLiveState(t, product)
    await auditIsComplete(t, product)

    const services = [...(await servicesOf(ready.pid)).values()]
    t.is(services.length, SERVICES.length)
    await succeeds(t, product, 'down')
    t.is(await product.exited, 0)
    t.deepEqual(
      services.filter((pid) => existsSync(`/proc/${pid}`)),
      [],
    )
    t.is((await product.hsmlab('replay', '--verify')).status, 0)
    t.is((await product.hsmlab('audit', 'verify')).status, 0)

    const again = { ...product, ...(await up(t, product, ...overNats(server))) }
    t.deepEqual((await labelsOf(again)).filter((label) => label !== '').toSorted(), labels.toSorted())
    await agreement(again, 3)
    await signsAndVerifies(t, again, programs, '01')
    await replayGivesTheLiveState(t, again)
  },
)

test.serial(
  'a NATS server that does not sync what it acknowledges is refused, and so is one that is not there',
  async (t) => {
    const lazy = await startNats(t, '2m')
    if (lazy === undefined) return
    const [overLazy, overNobody] = [await makeHome(t), await makeHome(t)]
    const nobody = ['--nats', 'nats://127.0.0.1:1', '--nats-monitor', lazy.monitor]
    const start = ({ hsmlab }: Home, words: Words) => hsmlab('up', '--port', '0', ...words)
    const [refused, alone] = await Promise.all([start(overLazy, overNats(lazy)), start(overNobody, nobody)])
    t.is(refused.status, 1)
    t.true(refused.text.includes(lazy.monitor), refused.text)
    t.regex(refused.text, /acknowledges messages before they are on its disk/)
    t.regex(refused.text, /Set in its configuration: jetstream \{ sync_interval: always \}/)
    t.is(refused.text.trim().split('\n').length, 1, 'one line, no stack')

    // What was not started left nothing that keeps the next start from its way.
    await lazy.restart({ syncInterval: 'always' })
    await up(t, overLazy, '--empty', ...overNats(lazy))
    await succeeds(t, overLazy, 'down')

    t.is(alone.status, 1)
    t.true(alone.text.includes('nats://127.0.0.1:1 '), alone.text)
    t.regex(alone.text, /No NATS server answers at .*REFUSED.*Start one, or correct the address\./)
    t.is(alone.text.trim().split('\n').length, 1)
  },
)
