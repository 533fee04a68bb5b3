import test from 'ava'
import type { CommandId, Username } from '@hsmlab/domain'
import { toBase64 } from '@hsmlab/event-sourcing'
import { CKM } from '@hsmlab/pkcs11'
import { OPERATION } from '@hsmlab/protocol'
import { realCluster } from '../client/real-cluster.ts'
import { freshId, loggedEvents, rawChannel } from './raw-channel.ts'

test('a key that is asked for again is the one that was made, on another session and after a restart too', async (t) => {
  const cluster = await realCluster()
  const { settled, clock } = cluster
  let raw = await rawChannel(cluster, 0)
  const request = raw.aesRequest()
  const pair = raw.pairRequest()
  const first = await raw.loggedIn()
  const made = await settled(raw.json('generateKey', first, request))
  const madePair = await settled(raw.json('generateKeyPair', first, pair))
  const second = await raw.loggedIn()
  t.deepEqual(await settled(raw.json('generateKey', second, request)), made)
  await settled(cluster.hsms[0]!.crash())
  await settled(cluster.open(0))
  await clock.advance(1000)
  raw = await rawChannel(cluster, 0)
  const third = await raw.loggedIn()
  t.deepEqual(await settled(raw.json('generateKey', third, request)), made)
  t.deepEqual(await settled(raw.json('generateKeyPair', third, pair)), madePair)
  t.is(cluster.hsms[0]?.describe().keys, 3)
  const wrongKind = await settled(raw.json('generateKey', third, { ...request, commandId: pair.commandId }))
  t.is(wrongKind.ckr, 'CKR_ARGUMENTS_BAD')
  await cluster.close()
})

test('session keys that are asked for again are the ones that were made, and destroying one twice is done once', async (t) => {
  const cluster = await realCluster()
  const { settled } = cluster
  const raw = await rawChannel(cluster, 0)
  const session = await raw.loggedIn()
  const request = raw.pairRequest(false)
  const made = await settled(raw.json('generateKeyPair', session, request))
  t.deepEqual(await settled(raw.json('generateKeyPair', session, request)), made)
  const handle = made.reply!.privateKey.handle
  t.is((await settled(raw.sign(session, handle))).ckr, 'CKR_OK')
  const destroy = { commandId: freshId(), handle }
  t.is((await settled(raw.json('destroyKey', session, destroy))).ckr, 'CKR_OK')
  t.is((await settled(raw.json('destroyKey', session, destroy))).ckr, 'CKR_OK')
  const types = (await loggedEvents(cluster, 0)).map(({ type }) => type)
  t.is(types.filter((type) => type === 'SessionKeyPairGenerated').length, 1)
  t.is(types.filter((type) => type === 'SessionKeyDestroyed').length, 1)
  await cluster.close()
})

test('a session key is nothing to other sessions, of the same user too', async (t) => {
  const cluster = await realCluster()
  const { settled } = cluster
  const raw = await rawChannel(cluster, 0)
  const other = await rawChannel(cluster, 0)
  const session = await raw.loggedIn()
  const { handle } = (await raw.makePair(session, false)).privateKey
  const sameUser = await raw.loggedIn()
  t.is((await settled(raw.sign(sameUser, handle))).ckr, 'CKR_KEY_HANDLE_INVALID')
  t.is((await settled(raw.json('getKey', sameUser, { handle }))).ckr, 'CKR_OBJECT_HANDLE_INVALID')
  t.is((await settled(other.sign(session, handle))).ckr, 'CKR_SESSION_HANDLE_INVALID')
  await cluster.close()
})

test('the two halves of a pair live on the token both, or in the session both', async (t) => {
  const cluster = await realCluster()
  const { settled } = cluster
  const raw = await rawChannel(cluster, 0)
  const session = await raw.loggedIn()
  const request = raw.pairRequest()
  const mixed = { ...request, publicTemplate: { ...request.publicTemplate, CKA_TOKEN: false } }
  t.is((await settled(raw.json('generateKeyPair', session, mixed))).ckr, 'CKR_TEMPLATE_INCONSISTENT')
  t.is(cluster.hsms[0]?.describe().keys, 0)
  await cluster.close()
})

test('a key is shared with crypto users that there are, whatever they are called, on every HSM and after a restart', async (t) => {
  const cluster = await realCluster()
  const { admin, settled, clock } = cluster
  const odd = '__proto__' as Username
  await settled(admin.createUser(odd, 'crypto-user', new TextEncoder().encode('password1')))
  const application = await cluster.loggedIn()
  const options = { mechanism: CKM.CKM_AES_KEY_GEN, tag: 0 }
  const template = { CKA_TOKEN: true, CKA_VALUE_LEN: 32 }
  for (const stranger of ['nobody', 'admin', 'app_user'] as Username[]) {
    const refused = await settled(application.generateKey(template, { ...options, sharedWith: [stranger] }))
    t.like(refused, { left: { _tag: 'CKR_ATTRIBUTE_VALUE_INVALID' } })
  }
  const made = await settled(application.generateKey(template, { ...options, sharedWith: [odd] }))
  t.like(made, { _tag: 'Right', right: { sharedWith: [odd] } })
  await settled(cluster.hsms[1]!.crash())
  await settled(cluster.open(1))
  await clock.advance(3000)
  t.is(new Set(cluster.hsms.map((hsm) => hsm.describe().digest)).size, 1)
  const raw = await rawChannel(cluster, 1)
  const session = await raw.loggedIn('crypto-user', odd)
  const found = await settled(raw.json('findKeys', session, { filter: {}, after: 0, limit: 10 }))
  t.deepEqual(found.reply?.keys[0]?.sharedWith, [odd])
  await cluster.close()
})

test('pages of keys fit into frames, and all keys are on them', async (t) => {
  const cluster = await realCluster()
  const { settled } = cluster
  const raw = await rawChannel(cluster, 0)
  const session = await raw.loggedIn()
  const long = toBase64(new Uint8Array(127).fill(0x61))
  const wanted = Array.from({ length: 300 }, () => {
    const request = raw.aesRequest(false)
    return raw.json('generateKey', session, {
      ...request,
      template: { ...request.template, CKA_LABEL: long, CKA_ID: long },
    })
  })
  await settled(Promise.all(wanted))
  const handles: number[] = []
  for (let after = 0, more = true; more;) {
    const page = await settled(raw.json('findKeys', session, { filter: {}, after, limit: 256 }))
    if (page.reply === undefined) return t.fail(page.ckr)
    handles.push(...page.reply.keys.map(({ handle }) => handle))
    more = page.reply.more
    after = handles.at(-1) ?? 0
  }
  t.is(new Set(handles).size, 300)
  t.true(Math.max(...raw.frameSizes) < 500_000)
  await cluster.close()
})

type Role = 'nobody' | 'admin' | 'owner' | 'other' | 'shared'

test('who may do what with a key', async (t) => {
  const cluster = await realCluster()
  const { admin, settled } = cluster
  for (const name of ['user2', 'user3'] as Username[]) {
    await settled(admin.createUser(name, 'crypto-user', new TextEncoder().encode('password1')))
  }
  const raw = await rawChannel(cluster, 0)
  const sessions: Record<Role, number> = {
    nobody: await raw.openSession(),
    admin: await raw.loggedIn('admin', 'admin'),
    owner: await raw.loggedIn(),
    other: await raw.loggedIn('crypto-user', 'user2'),
    shared: await raw.loggedIn('crypto-user', 'user3'),
  }
  const request = { ...raw.pairRequest(), sharedWith: ['user3' as Username] }
  const made = await settled(raw.json('generateKeyPair', sessions.owner, request))
  const { publicKey, privateKey } = made.reply!
  const { handle } = privateKey
  const copy = await settled(raw.json('extractKey', sessions.owner, { handle }))
  const { record } = copy.reply!
  const find = async (session: number) => {
    const found = await settled(raw.json('findKeys', session, { filter: { handle }, after: 0, limit: 1 }))
    const [key] = found.reply?.keys ?? []
    if (key === undefined) return 'nothing'
    return key.attributes.CKA_CLASS === undefined ? 'label' : 'all'
  }
  const codeOf = async (answer: Promise<{ ckr: string }>) => (await settled(answer)).ckr.replace('CKR_', '')
  const asked: Record<string, (session: number) => Promise<string>> = {
    sees: find,
    signs: (session) => codeOf(raw.sign(session, handle)),
    reads: (session) => codeOf(raw.json('getKey', session, { handle })),
    'reads the public half': (session) => codeOf(raw.json('getKey', session, { handle: publicKey.handle })),
    copies: (session) => codeOf(raw.json('extractKey', session, { handle })),
    'copies the public half': (session) => codeOf(raw.json('extractKey', session, { handle: publicKey.handle })),
    'brings a copy': (session) => codeOf(raw.json('insertKey', session, { commandId: freshId(), record })),
    compares: (session) => codeOf(raw.json('keyDigest', session, {})),
    'makes one': (session) => codeOf(raw.json('generateKey', session, raw.aesRequest(false))),
    'makes users': (session) => codeOf(raw.withPassword('createUser', session, 'crypto-user', `made_${session}`)),
    'changes passwords': (session) => codeOf(raw.withPassword('changePassword', session, 'crypto-user', 'user2')),
    'deletes users': (session) =>
      codeOf(
        raw.json('deleteUser', session, {
          commandId: freshId(),
          username: `made_${session}` as Username,
          role: 'crypto-user',
        }),
      ),
    'lists users': (session) => codeOf(raw.json('listUsers', session, {})),
    destroys: (session) => codeOf(raw.json('destroyKey', session, { commandId: freshId(), handle })),
  }
  const NO = 'USER_NOT_LOGGED_IN'
  const GONE = 'OBJECT_HANDLE_INVALID'
  const expected: Record<string, Record<Role, string>> = {
    sees: { nobody: 'nothing', admin: 'label', owner: 'all', other: 'nothing', shared: 'all' },
    signs: { nobody: NO, admin: NO, owner: 'OK', other: 'KEY_HANDLE_INVALID', shared: 'OK' },
    reads: { nobody: GONE, admin: 'OK', owner: 'OK', other: GONE, shared: 'OK' },
    'reads the public half': { nobody: 'OK', admin: 'OK', owner: 'OK', other: 'OK', shared: 'OK' },
    copies: { nobody: NO, admin: 'OK', owner: 'OK', other: GONE, shared: 'OK' },
    'copies the public half': { nobody: NO, admin: 'OK', owner: 'OK', other: 'OK', shared: 'OK' },
    'brings a copy': { nobody: NO, admin: 'OK', owner: 'OK', other: 'OK', shared: 'OK' },
    compares: { nobody: NO, admin: 'OK', owner: 'OK', other: 'OK', shared: 'OK' },
    'makes one': { nobody: NO, admin: NO, owner: 'OK', other: 'OK', shared: 'OK' },
    'makes users': { nobody: NO, admin: 'OK', owner: NO, other: NO, shared: NO },
    'changes passwords': { nobody: NO, admin: 'OK', owner: NO, other: 'OK', shared: NO },
    'deletes users': { nobody: NO, admin: 'OK', owner: NO, other: NO, shared: NO },
    'lists users': { nobody: 'OK', admin: 'OK', owner: 'OK', other: 'OK', shared: 'OK' },
    destroys: { nobody: NO, admin: NO, other: GONE, shared: 'ACTION_PROHIBITED', owner: 'OK' },
  }
  for (const [what, who] of Object.entries(expected)) {
    for (const [role, answer] of Object.entries(who) as ReadonlyArray<[Role, string]>) {
      t.is(await asked[what]?.(sessions[role]), answer, `${role} ${what}`)
    }
  }
  const unread = await settled(raw.post(OPERATION.random, sessions.admin, new Uint8Array(3)))
  t.not(unread.ckr, 0)
  await cluster.close()
})

test('a deletion that another user brings deletes nothing that stands here, and a stranger cannot invent one', async (t) => {
  const cluster = await realCluster()
  const { settled, admin } = cluster
  await settled(admin.createUser('user2' as Username, 'crypto-user', new TextEncoder().encode('password1')))
  const first = await rawChannel(cluster, 0)
  const owner = await first.loggedIn()
  const made = await settled(first.json('generateKey', owner, first.aesRequest()))
  const { handle } = made.reply!.key
  const { record } = (await settled(first.json('extractKey', owner, { handle }))).reply!
  const second = await rawChannel(cluster, 1)
  const own = await second.loggedIn()
  await settled(second.json('insertKey', own, { commandId: freshId(), record }))
  const destroyed = await settled(first.json('destroyKey', owner, { commandId: freshId(), handle }))
  const { tombstone } = destroyed.reply!
  const other = await second.loggedIn('crypto-user', 'user2')
  const destroy = (brought: typeof tombstone, session = other) =>
    settled(
      second.json('destroyKey', session, { commandId: freshId(), handle, ...(brought && { tombstone: brought }) }),
    )
  t.is((await destroy(tombstone)).ckr, 'CKR_OBJECT_HANDLE_INVALID')
  const forged = { ...tombstone!, generation: 2 }
  t.is((await destroy(forged, own)).ckr, 'CKR_FUNCTION_FAILED')
  t.is((await destroy(tombstone, own)).ckr, 'CKR_OK')
  const again = await settled(second.json('insertKey', own, { commandId: 'again' as CommandId, record }))
  t.is(again.ckr, 'CKR_OK')
  t.is(cluster.hsms[1]?.describe().keys, 0)
  await cluster.close()
})
