import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { hostileLines, hostileP11Streams, poke } from '../support/hostile.ts'
import { until } from '../support/patience.ts'
import { type Product, startProduct, USER1 } from '../support/product.ts'
import { type Signer, wireSigners } from '../support/signers.ts'
import { attributes, connectProgram, mechanism, READ_WRITE } from '../support/wire-program.ts'

/** While somebody signs: none of the signatures fails, and signing goes on. */
const undisturbed = async (t: ExecutionContext, signers: ReadonlyArray<Signer>, what: string): Promise<void> => {
  const before = signers.map((signer) => signer.count())
  await until(
    async () => signers.map((signer) => signer.count() + signer.failures().length),
    (counts) => counts.every((count, i) => count > (before[i] ?? 0) + 2),
  )
  for (const signer of signers) t.deepEqual(signer.failures(), [], what)
}

const residentBytes = async ({ ready }: Product): Promise<number> =>
  Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${ready.pid}/status`, 'utf8'))?.[1] ?? 0) * 1024

test.serial('garbage on the PKCS#11 socket is answered or thrown out, and harms nobody who signs', async (t) => {
  const product = await startProduct(t)
  const signers = await wireSigners(t, product, 2)
  t.teardown(async () => void (await Promise.all(signers.map((signer) => signer.stop()))))
  for (const [what, stream] of hostileP11Streams()) {
    const { thrownOut } = await poke(product.ready.pkcs11Socket, ...stream)
    await undisturbed(t, signers, what)
    if (/gigabyte|code zero/.test(what)) t.true(thrownOut, what)
  }
  // Many at once.
  await Promise.all(hostileP11Streams().map(([, stream]) => poke(product.ready.pkcs11Socket, ...stream)))
  await undisturbed(t, signers, 'all of them at once')
  t.is(product.process.exitCode, null)
  t.is(product.said().errors, '')
})

test.serial('a program that asks wrongly gets the code that PKCS#11 has for it', async (t) => {
  const product = await startProduct(t)
  const program = await connectProgram(product.ready.pkcs11Socket)
  t.teardown(program.close)
  const stranger = await connectProgram(product.ready.pkcs11Socket)
  t.teardown(stranger.close)
  const code = async (answer: Promise<E.Either<string, unknown>>): Promise<string> => {
    const given = await answer
    return E.isLeft(given) ? given.left : 'CKR_OK'
  }
  const { call } = program
  t.is(await code(call('C_OpenSession', 99, READ_WRITE)), 'CKR_SLOT_ID_INVALID')
  t.is(await code(call('C_GetSessionInfo', 12_345)), 'CKR_SESSION_HANDLE_INVALID')
  const session = await program.openSession()
  t.is(await code(stranger.call('C_GetSessionInfo', session)), 'CKR_SESSION_HANDLE_INVALID', "another program's")
  t.is(await code(call('C_Login', session, 1, Buffer.from('user1:wrongpass'))), 'CKR_PIN_INCORRECT')
  t.is(await code(call('C_Login', session, 1, Buffer.alloc(100_000, 0x41))), 'CKR_ARGUMENTS_BAD')
  t.is(await code(call('C_Login', session, 0, Buffer.from('user1:password1'))), 'CKR_USER_TYPE_INVALID')
  await program.login(session)
  const [, key] = await program.generateEc(session, { CKA_TOKEN: true })
  t.is(await code(call('C_SignInit', session, mechanism('CKM_ECDSA'), 0x7fff_ffff)), 'CKR_KEY_HANDLE_INVALID')
  t.is(
    await code(call('C_SignInit', session, { type: 0x7777, parameter: { _tag: 'none' } }, key)),
    'CKR_MECHANISM_INVALID',
  )
  t.is(await code(call('C_SignInit', session, mechanism('CKM_SHA256_RSA_PKCS'), key)), 'CKR_KEY_TYPE_INCONSISTENT')
  t.is(await code(call('C_EncryptInit', session, mechanism('CKM_AES_ECB'), key)), 'CKR_KEY_TYPE_INCONSISTENT')
  t.is(await code(call('C_DestroyObject', session, 0x7fff_ffff)), 'CKR_OBJECT_HANDLE_INVALID')
  const template = attributes({ CKA_VALUE_LEN: 7, CKA_TOKEN: false })
  t.regex(
    await code(call('C_GenerateKey', session, mechanism('CKM_AES_KEY_GEN'), template)),
    /CKR_(KEY_SIZE_RANGE|ATTRIBUTE_VALUE_INVALID)/,
  )
  await program.done('C_SignInit', session, mechanism('CKM_ECDSA'), key)
  t.is(await code(call('C_Sign', session, Buffer.alloc(1_000_000), 64)), 'CKR_DATA_LEN_RANGE')

  // A stale handle: deleted by somebody else meanwhile.
  await program.done('C_DestroyObject', session, key)
  t.is(await code(call('C_SignInit', session, mechanism('CKM_ECDSA'), key)), 'CKR_KEY_HANDLE_INVALID')
  await program.done('C_CloseSession', session)
  t.is(await code(call('C_SignInit', session, mechanism('CKM_ECDSA'), key)), 'CKR_SESSION_HANDLE_INVALID')
})

test.serial(
  'garbage on the sockets of cloudhsm-cli and hsmlab is answered or thrown out, and harms nobody',
  async (t) => {
    const product = await startProduct(t)
    const { clientSocket, controlSocket } = product.ready
    const signers = await wireSigners(t, product, 1)
    t.teardown(async () => void (await Promise.all(signers.map((signer) => signer.stop()))))
    for (const path of [clientSocket, controlSocket]) {
      t.is(statSync(path).mode & 0o077, 0, 'for its owner only')
      for (const [what, lines] of hostileLines()) {
        await poke(path, ...lines)
        await undisturbed(t, signers, what)
      }
      await Promise.all(hostileLines().map(([, lines]) => poke(path, ...lines)))
    }
    t.is((await product.cloudhsmCli(USER1, 'key', 'list')).status, 0)
    t.is((await product.hsmlab('status')).status, 0)
    t.is(product.process.exitCode, null)
  },
)

test.serial('a hundred programs that ask and never listen do not fill the memory', async (t) => {
  const product = await startProduct(t)
  const signers = await wireSigners(t, product, 1)
  t.teardown(async () => void (await Promise.all(signers.map((signer) => signer.stop()))))
  const before = await residentBytes(product)
  const sockets = Array.from({ length: 100 }, () => createConnection(product.ready.controlSocket).pause())
  t.teardown(() => sockets.forEach((socket) => socket.destroy()))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  const requests = Buffer.from('{"id":1,"method":"status","params":{}}\n'.repeat(100))
  for (const socket of sockets) {
    socket.on('error', () => undefined)
    socket.write(requests)
  }
  await undisturbed(t, signers, 'while nobody listens')
  const grown = (await residentBytes(product)) - before
  t.log(`${Math.round(grown / 1e6)} MB more`)
  t.true(grown < 500e6)
})
