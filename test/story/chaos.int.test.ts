import { readFile } from 'node:fs/promises'
import test, { type ExecutionContext } from 'ava'
import { CloudHSMV2Client, DeleteHsmCommand } from '@aws-sdk/client-cloudhsm-v2'
import type { HsmStatus } from '@hsmlab/protocol/local'
import { until } from '../support/patience.ts'
import { systemPrograms } from '../support/pkcs11.ts'
import { type Home, PIN, type Product, startProduct, USER1, type Words } from '../support/product.ts'
import * as E from 'fp-ts/lib/Either.js'
import { connectProgram } from '../support/wire-program.ts'
import { pkcs11ToolSigner, type Signer, tlsServerSigner, wireSigners } from '../support/signers.ts'

const hsmsOf = async (home: Home): Promise<ReadonlyArray<HsmStatus>> => (await home.status()).clusters[0]?.hsms ?? []

/** Resolves when each has signed so many times more. */
const moreSignatures = async (signers: ReadonlyArray<Signer>, more: number): Promise<void> => {
  const before = signers.map((signer) => signer.count())
  await until(
    async () => signers.map((signer) => signer.count() + signer.failures().length),
    (counts) => counts.every((count, i) => count >= (before[i] ?? 0) + more),
  )
}

const noneFailed = (t: ExecutionContext, signers: ReadonlyArray<Signer>, when: string): void => {
  for (const signer of signers) t.deepEqual(signer.failures(), [], `${signer.name}, ${when}`)
}

const succeeds = async (t: ExecutionContext, { hsmlab }: Home, ...words: Words): Promise<void> => {
  const { status, text } = await hsmlab(...words)
  t.is(status, 0, text)
}

const makeKey = async (t: ExecutionContext, { cloudhsmCli }: Home, label: string): Promise<void> => {
  const words = ['key', 'generate-symmetric', 'aes', '--label', label, '--key-length-bytes', '32']
  const made = await cloudhsmCli(USER1, ...words)
  t.is(made.status, 0, made.text)
}

/** Milliseconds until `status` shows the same digest over the keys on so many HSMs, and nobody behind. */
const agreement = async (product: Product, count: number): Promise<number> => {
  const begin = performance.now()
  await until(
    () => hsmsOf(product),
    (hsms) =>
      hsms.filter(({ digest, state }) => digest !== undefined && state === 'ACTIVE').length === count &&
      new Set(hsms.map(({ digest }) => digest)).size === 1,
  )
  return performance.now() - begin
}

test.serial(
  'an AZ goes while programs sign: none of them sees a failure, and when it is back it catches up and serves',
  async (t) => {
    const product = await startProduct(t)
    const programs = systemPrograms(t, product)
    if (programs === undefined) return
    const tls = await tlsServerSigner(t, product, programs)
    const wire = await wireSigners(t, product, 3)
    const tool = await pkcs11ToolSigner(product, programs)
    const signers = [...(tls === undefined ? [] : [tls]), ...wire, tool]
    t.teardown(async () => void (await Promise.all(signers.map((signer) => signer.stop()))))
    await moreSignatures(signers, 2)
    const calmMillis = signers.map((signer) => signer.longestMillis())
    noneFailed(t, signers, 'before')

    await succeeds(t, product, 'chaos', 'kill-az', 'us-east-1a')
    await moreSignatures(signers, 3)
    noneFailed(t, signers, 'without us-east-1a')
    const [lost] = await hsmsOf(product)
    t.like(lost, { availabilityZone: 'us-east-1a', chaos: 'az-killed' })
    for (const label of ['first', 'second', 'third']) await makeKey(t, product, label)
    const deleted = await product.cloudhsmCli(USER1, 'key', 'delete', '--filter', 'attr.label=second')
    t.is(deleted.status, 0, deleted.text)

    await succeeds(t, product, 'chaos', 'heal')
    const healedMillis = await agreement(product, 3)
    noneFailed(t, signers, 'while us-east-1a came back')
    t.log(`all three HSMs hold the same keys ${Math.round(healedMillis)} ms after heal returned`)
    t.true((await hsmsOf(product)).every(({ chaos, keys }) => chaos === 'none' && keys === signers.length * 2 + 2))

    // The one that came back is needed now.
    await succeeds(t, product, 'chaos', 'kill-az', 'us-east-1b')
    await moreSignatures(signers, 3)
    noneFailed(t, signers, 'without us-east-1b')
    await succeeds(t, product, 'chaos', 'heal', 'us-east-1b')
    await agreement(product, 3)
    await moreSignatures(signers, 1)
    noneFailed(t, signers, 'in the end')
    signers.forEach((signer, i) => {
      const [calm, longest] = [calmMillis[i] ?? 0, signer.longestMillis()].map(Math.round)
      t.log(`${signer.name}: ${signer.count()} signatures, longest ${longest} ms (${calm} ms before the first loss)`)
    })
    const verified = await product.asked<Readonly<{ same: boolean }>>('replay', '--verify')
    t.true(verified.same)
  },
)

test.serial('one HSM after the other is killed and healed under load, and no signature fails', async (t) => {
  const product = await startProduct(t)
  const signers = await wireSigners(t, product, 4)
  t.teardown(async () => void (await Promise.all(signers.map((signer) => signer.stop()))))
  for (const { hsmId } of await hsmsOf(product)) {
    await succeeds(t, product, 'chaos', 'kill-hsm', hsmId)
    await moreSignatures(signers, 20)
    noneFailed(t, signers, `without ${hsmId}`)
    await succeeds(t, product, 'chaos', 'heal', hsmId)
    await agreement(product, 3)
    noneFailed(t, signers, `${hsmId} back`)
  }
  t.log(`longest ${Math.round(Math.max(...signers.map((signer) => signer.longestMillis())))} ms`)
})

const UNAVAILABLE =
  /Key 0x[0-9a-f]{16} does not meet the availability requirements - The key must be available on at least 2 HSMs before being used\./

test.serial('a cluster of two that loses one refuses its keys, until the client gives up the check', async (t) => {
  const product = await startProduct(t)
  const programs = systemPrograms(t, product)
  if (programs === undefined) return
  const { ready, file, data } = product
  const hsms = await hsmsOf(product)
  const credentials = { accessKeyId: '000000000000', secretAccessKey: 'anything' }
  const aws = new CloudHSMV2Client({ endpoint: ready.endpoint, region: 'us-east-1', credentials })
  t.teardown(() => aws.destroy())
  await aws.send(new DeleteHsmCommand({ ClusterId: ready.clusters[0]?.clusterId ?? '', HsmId: hsms[2]?.hsmId ?? '' }))
  await until(
    () => hsmsOf(product),
    (shown) => shown.length === 2,
  )
  await programs.asUser('--keypairgen', '--key-type', 'EC:prime256v1', '--id', '01', '--private', '--usage-sign')
  await programs.asUser('--generate-random', '32', '--output-file', file('digest'))
  const sign = () =>
    programs.tool(
      '--login',
      '--pin',
      PIN,
      '--sign',
      '--mechanism',
      'ECDSA',
      '--id',
      '01',
      '--input-file',
      file('digest'),
      '--output-file',
      file('signature'),
    )
  t.is((await sign()).status, 0)

  // A program that has the key's handle, as servers do.
  const program = await connectProgram(ready.pkcs11Socket)
  t.teardown(program.close)
  const session = await program.openSession()
  await program.login(session)
  const [key = 0] = await program.find(session, { CKA_ID: Buffer.from('01', 'hex'), CKA_SIGN: true })
  const signHere = () => program.signDigest(session, key, Buffer.alloc(32))
  t.true(E.isRight(await signHere()))

  await succeeds(t, product, 'chaos', 'kill-hsm', hsms[1]?.hsmId ?? '')
  // For a moment the silent HSM still counts as a holder.
  t.deepEqual(await until(signHere, E.isLeft), E.left('CKR_FUNCTION_FAILED'))
  const refused = await sign()
  t.not(refused.status, 0)
  t.regex(refused.text, /Private key not found/, 'it is not even listed')
  t.regex(await readFile(`${data}/hsmlab.log`, 'utf8'), UNAVAILABLE)
  const words = ['key', 'generate-symmetric', 'aes', '--label', 'alone', '--key-length-bytes', '32']
  const unmade = await product.cloudhsmCli(USER1, ...words)
  t.not(unmade.status, 0)
  t.log(unmade.stdout.toString())

  t.is((await product.configure('configure-pkcs11', '--disable-key-availability-check')).status, 0)
  const signed = await sign()
  t.is(signed.status, 0, signed.text)
  t.not((await product.cloudhsmCli(USER1, ...words)).status, 0, 'each client has a configuration of its own')
  t.is((await product.configure('configure-cli', '--disable-key-availability-check')).status, 0)
  await makeKey(t, product, 'by one HSM')

  await succeeds(t, product, 'chaos', 'heal')
  await agreement(product, 2)
  t.is((await product.configure('configure-pkcs11', '--enable-key-availability-check')).status, 0)
  t.is((await sign()).status, 0)
})
