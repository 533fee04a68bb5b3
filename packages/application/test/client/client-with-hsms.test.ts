import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import type { Application } from '@hsmlab/client'
import { ecParams } from '@hsmlab/crypto'
import type { KeyHandle } from '@hsmlab/domain'
import { fromBase64, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { CKM, NO_PARAMETER } from '@hsmlab/pkcs11'
import { realCluster } from './real-cluster.ts'

const CURVE = toBase64(ecParams('secp256r1'))
const mechanism = { type: CKM.CKM_ECDSA_SHA256, parameter: NO_PARAMETER }
const message = utf8Bytes('to be signed')

const makePair = (application: Application) =>
  application.generateKeyPair(
    { CKA_TOKEN: true, CKA_EC_PARAMS: CURVE, CKA_VERIFY: true },
    { CKA_TOKEN: true, CKA_SIGN: true },
    { mechanism: CKM.CKM_EC_KEY_PAIR_GEN, tag: 0 },
  )

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left))
  return either.right
}

const digests = (hsms: Awaited<ReturnType<typeof realCluster>>['hsms']): ReadonlySet<string> =>
  new Set(hsms.map((hsm) => hsm.describe().digest))

test('a pair that one HSM made signs and verifies on all three', async (t) => {
  const { hsms, loggedIn, settled, close } = await realCluster()
  const application = await loggedIn()
  const { publicKey, privateKey } = right(await settled(makePair(application)))
  t.is(privateKey.handle - publicKey.handle, 1)
  t.is(digests(hsms).size, 1)
  for (let i = 0; i < 6; i += 1) {
    const signature = right(await settled(application.sign(privateKey.handle, mechanism, message)))
    t.deepEqual(await settled(application.verify(publicKey.handle, mechanism, message, signature)), E.right(undefined))
  }
  const forged = await settled(application.verify(publicKey.handle, mechanism, message, new Uint8Array(64).fill(1)))
  t.like(forged, { left: { _tag: 'CKR_SIGNATURE_INVALID' } })
  t.true(fromBase64(publicKey.attributes.CKA_EC_POINT ?? toBase64(new Uint8Array(0))).length > 64)
  await close()
})

test('no signature fails while an AZ goes and comes back, and its HSM catches up', async (t) => {
  const { hsms, cut, clock, loggedIn, soon, settled, close } = await realCluster()
  const application = await loggedIn()
  const { privateKey } = right(await settled(makePair(application)))
  for (let i = 0; i < 40; i += 1) {
    if (i === 10) cut.add(1)
    if (i === 20) {
      const made = await soon(makePair(application))
      t.true(E.isRight(made.value))
      t.true(made.millis <= 1_200)
    }
    if (i === 30) cut.delete(1)
    const { value, millis } = await soon(application.sign(privateKey.handle, mechanism, message))
    t.true(E.isRight(value))
    t.true(millis <= 205, `${millis} ms`)
    await clock.advance(30)
  }
  await clock.advance(5000)
  t.is(digests(hsms).size, 1)
  await close()
})

test('an HSM that crashes and starts again takes part again, without a word from the application', async (t) => {
  const { hsms, open, clock, loggedIn, settled, close } = await realCluster()
  const application = await loggedIn()
  const { privateKey } = right(await settled(makePair(application)))
  await settled(hsms[2]!.crash())
  for (let i = 0; i < 4; i += 1)
    t.true(E.isRight(await settled(application.sign(privateKey.handle, mechanism, message))))
  await settled(open(2))
  await clock.advance(5000)
  await settled(hsms[0]!.crash())
  await clock.advance(100)
  for (let i = 0; i < 4; i += 1)
    t.true(E.isRight(await settled(application.sign(privateKey.handle, mechanism, message))))
  await settled(open(0))
  await clock.advance(3000)
  await close()
})

test('a deleted key is gone everywhere, and does not come back with an HSM that missed it', async (t) => {
  const { hsms, cut, clock, loggedIn, settled, close } = await realCluster()
  const application = await loggedIn()
  const { publicKey, privateKey } = right(await settled(makePair(application)))
  cut.add(0)
  await clock.advance(1500)
  t.deepEqual(await settled(application.destroyKey(privateKey.handle)), E.right(undefined))
  cut.delete(0)
  await clock.advance(5000)
  const found = right(await settled(application.findKeys({})))
  t.deepEqual(
    found.map(({ key, coverage }) => [key.handle, coverage]),
    [[publicKey.handle, 'full']],
  )
  t.is(digests(hsms).size, 1)
  t.like(await settled(application.sign(privateKey.handle, mechanism, message)), {
    left: { _tag: 'CKR_KEY_HANDLE_INVALID' },
  })
  await close()
})

test('keys that one application deleted are used by no other one, not even on an HSM that was away', async (t) => {
  const { cut, clock, loggedIn, settled, close } = await realCluster()
  const [application, other] = [await loggedIn(), await loggedIn()]
  const pairs = [0, 1, 2].map(async () => right(await makePair(application)))
  const keys = (await settled(Promise.all(pairs))).map(({ privateKey }) => privateKey.handle)
  const signWith = (handle: KeyHandle) => settled(other.sign(handle, mechanism, message))
  for (const key of keys) t.true(E.isRight(await signWith(key)))
  cut.add(2)
  await clock.advance(500)
  for (const key of keys) right(await settled(application.destroyKey(key)))
  await clock.advance(2500)
  cut.delete(2)
  await clock.advance(75)
  // Each of them is asked of another HSM first.
  for (const key of keys) t.true(E.isLeft(await signWith(key)))
  await close()
})

test('admins see keys without using them, users are the same on all HSMs, and wrong PINs lock', async (t) => {
  const { client, admin, loggedIn, settled, close } = await realCluster()
  const application = await loggedIn()
  right(await settled(makePair(application)))
  t.is(right(await settled(admin.findKeys({}))).length, 2)
  const users = right(await settled(admin.listUsers()))
  t.true(users.every(({ coverage }) => coverage === 'full'))
  t.deepEqual(
    users.map(({ username, role }) => [username, role]).filter(([name]) => name !== 'app_user'),
    [
      ['admin', 'admin'],
      ['user1', 'crypto-user'],
    ],
  )
  const stranger = client.openApplication('stranger', { keyAvailabilityCheck: true })
  for (let i = 0; i < 6; i += 1) {
    const refused = await settled(stranger.login('crypto-user', 'user1', utf8Bytes('wrong-password')))
    t.like(refused, { left: { _tag: 'CKR_PIN_INCORRECT', hsmReturn: 163 } })
  }
  t.like(await settled(stranger.login('crypto-user', 'user1', utf8Bytes('password1'))), {
    left: { _tag: 'CKR_PIN_LOCKED' },
  })
  await close()
})

test('session keys stay on one HSM and end with it', async (t) => {
  const { hsms, clock, loggedIn, settled, close, open } = await realCluster()
  const application = await loggedIn()
  const key = right(
    await settled(
      application.generateKey(
        { CKA_TOKEN: false, CKA_VALUE_LEN: 32, CKA_ENCRYPT: true, CKA_DECRYPT: true },
        { mechanism: CKM.CKM_AES_KEY_GEN, tag: 5 },
      ),
    ),
  )
  const iv = { type: CKM.CKM_AES_CBC_PAD, parameter: { _tag: 'iv', iv: new Uint8Array(16) } } as const
  for (let i = 0; i < 3; i += 1) {
    const ciphertext = right(await settled(application.encrypt(key.handle, iv, message)))
    t.deepEqual(right(await settled(application.decrypt(key.handle, iv, ciphertext))), message)
  }
  const home = (key.handle >>> 24) - 1
  await settled(hsms[home]!.crash())
  t.like(await settled(application.encrypt(key.handle, iv, message)), { left: { _tag: 'CKR_DEVICE_ERROR' } })
  await settled(open(home))
  await clock.advance(4000)
  t.like(await settled(application.encrypt(key.handle, iv, message)), { left: { _tag: 'CKR_KEY_HANDLE_INVALID' } })
  await close()
})
