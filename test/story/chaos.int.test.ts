import { readFile } from 'node:fs/promises'
import test from 'ava'
import { CloudHSMV2Client, DeleteHsmCommand } from '@aws-sdk/client-cloudhsm-v2'
import { agreement, hsmsOf, makeKey, moreSignatures, noneFailed, succeeds } from '../support/cluster.ts'
import { until } from '../support/patience.ts'
import { systemPrograms } from '../support/pkcs11.ts'
import { PIN, startProduct, USER1 } from '../support/product.ts'
import * as E from 'fp-ts/lib/Either.js'
import { connectProgram } from '../support/wire-program.ts'
import { pkcs11ToolSigner, tlsServerSigner, wireSigners } from '../support/signers.ts'

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
