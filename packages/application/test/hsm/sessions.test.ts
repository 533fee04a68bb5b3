import { generateKeyPairSync } from 'node:crypto'
import test from 'ava'
import { realCluster } from '../client/real-cluster.ts'
import { gate, interfering } from '../event-store/faulty-disk.ts'
import { memoryDisk } from '@hsmlab/ports/memory'
import { freshId, loggedEvents, rawChannel } from './raw-channel.ts'

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const RSA = {
  pkcs8: new Uint8Array(pair.privateKey.export({ type: 'pkcs8', format: 'der' })),
  modulus: new Uint8Array(Buffer.from(pair.publicKey.export({ format: 'jwk' }).n ?? '', 'base64url')),
  publicExponent: Uint8Array.of(1, 0, 1),
}
const WRONG = 'wrong-password'

test('a user that is deleted while it logs in is logged in nowhere', async (t) => {
  let held: ReturnType<typeof gate> | undefined
  const disks = [0, 1, 2].map((zone) => {
    const disk = memoryDisk()
    return zone === 0 ? interfering(disk, () => held?.opened) : disk
  })
  const cluster = await realCluster(1, (zone) => disks[zone] ?? memoryDisk())
  const { settled, clock } = cluster
  const raw = await rawChannel(cluster, 0)
  const admin = await raw.loggedIn('admin', 'admin')
  const session = await raw.openSession()
  held = gate()
  const login = raw.withPassword('login', session, 'crypto-user', 'user1')
  await clock.advance(50)
  const deleted = raw.json('deleteUser', admin, {
    commandId: freshId(),
    username: 'user1',
    role: 'crypto-user',
  } as never)
  await clock.advance(50)
  held.release()
  held = undefined
  t.is((await settled(login)).ckr, 'CKR_OK')
  t.is((await settled(deleted)).ckr, 'CKR_FUNCTION_FAILED')
  await cluster.close()
})

test('two logins at once on one session log in one user', async (t) => {
  const cluster = await realCluster()
  const { settled } = cluster
  const raw = await rawChannel(cluster, 0)
  const session = await raw.openSession()
  const both = [
    raw.withPassword('login', session, 'crypto-user', 'user1'),
    raw.withPassword('login', session, 'admin', 'admin'),
  ]
  const codes = (await settled(Promise.all(both))).map(({ ckr }) => ckr)
  t.deepEqual(codes.toSorted(), ['CKR_OK', 'CKR_USER_ALREADY_LOGGED_IN'])
  await cluster.close()
})

test('a session that was closed while its user logged in is not logged in, and a wrong password counts all the same', async (t) => {
  const cluster = await realCluster()
  const { settled } = cluster
  const raw = await rawChannel(cluster, 0)
  for (const password of ['password1', WRONG]) {
    const session = await raw.openSession()
    const login = raw.withPassword('login', session, 'crypto-user', 'user1', password)
    await settled(raw.json('closeSession', session, {}))
    t.is((await settled(login)).ckr, password === WRONG ? 'CKR_PIN_INCORRECT' : 'CKR_SESSION_CLOSED')
  }
  const before = (await loggedEvents(cluster, 0)).map(({ type }) => type)
  t.is(before.filter((type) => type === 'LoginRefused').length, 1)
  t.is(before.filter((type) => type === 'LoginSucceeded').length, 1) // The admin's, by the lab.
  await cluster.close()
})

test('a name with a role that it has not counts against nobody', async (t) => {
  const cluster = await realCluster()
  const { settled } = cluster
  const raw = await rawChannel(cluster, 0)
  const session = await raw.openSession()
  for (let i = 0; i < 7; i += 1) {
    const refused = await settled(raw.withPassword('login', session, 'admin', 'user1'))
    t.like(refused, { ckr: 'CKR_PIN_INCORRECT', hsmReturn: 157 })
  }
  t.is((await settled(raw.withPassword('login', session, 'crypto-user', 'user1'))).ckr, 'CKR_OK')
  await cluster.close()
})

test('more wrong passwords at once than are allowed get no more answers than one after the other', async (t) => {
  const cluster = await realCluster()
  const { settled } = cluster
  const raw = await rawChannel(cluster, 0)
  const sessions: number[] = []
  for (let i = 0; i < 20; i += 1) sessions.push(await raw.openSession())
  const guesses = sessions.map((session, i) =>
    raw.withPassword('login', session, 'crypto-user', 'user1', i === 19 ? 'password1' : `${WRONG}${i}`),
  )
  const codes = (await settled(Promise.all(guesses))).map(({ ckr }) => ckr)
  t.is(codes.filter((ckr) => ckr === 'CKR_PIN_INCORRECT').length, 6)
  t.is(codes.at(-1), 'CKR_PIN_LOCKED')
  await cluster.close()
})

test('what a session makes for a user that has logged out meanwhile is not made, for nobody', async (t) => {
  const cluster = await realCluster()
  const { settled, clock, engine } = cluster
  const raw = await rawChannel(cluster, 0)
  const admin = await raw.loggedIn('admin', 'admin')
  await settled(raw.withPassword('createUser', admin, 'crypto-user', 'user2'))
  const session = await raw.loggedIn()
  let held = gate()
  Object.assign(engine, {
    generateRsa: async () => {
      await held.opened
      return RSA
    },
  })
  for (const isToken of [true, false]) {
    const made = raw.json('generateKeyPair', session, raw.rsaRequest(isToken))
    await clock.advance(50)
    await settled(raw.json('logout', session, {}))
    t.is((await settled(raw.withPassword('login', session, 'crypto-user', 'user2'))).ckr, 'CKR_OK')
    held.release()
    t.is((await settled(made)).ckr, 'CKR_USER_NOT_LOGGED_IN')
    const found = await settled(raw.json('findKeys', session, { filter: {}, after: 0, limit: 10 }))
    t.deepEqual(found.reply?.keys, [])
    await settled(raw.json('logout', session, {}))
    await settled(raw.withPassword('login', session, 'crypto-user', 'user1'))
    held = gate()
  }
  await cluster.close()
})

test('a user is listed when it is on the disk', async (t) => {
  let held: ReturnType<typeof gate> | undefined
  const disks = [0, 1, 2].map((zone) => {
    const disk = memoryDisk()
    return zone === 0 ? interfering(disk, () => held?.opened) : disk
  })
  const cluster = await realCluster(1, (zone) => disks[zone] ?? memoryDisk())
  const { settled, clock } = cluster
  const raw = await rawChannel(cluster, 0)
  const admin = await raw.loggedIn('admin', 'admin')
  held = gate()
  let told = ''
  void raw.withPassword('createUser', admin, 'crypto-user', 'user2').then(() => (told += 'made '))
  await clock.advance(100)
  const list = raw.json('listUsers', admin, {})
  void list.then(() => (told += 'listed '))
  await clock.advance(100)
  t.is(told, '')
  held.release()
  held = undefined
  t.true((await settled(list)).reply?.users.some(({ username }) => username === 'user2'))
  await cluster.close()
})
