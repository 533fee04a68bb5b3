import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import {
  ASYMMETRIC_KEYS_MAX,
  canonicalHsmState,
  creationRefusal,
  decideChangePassword,
  decideCreateUser,
  decideDeleteUser,
  decideDestroyKey,
  decideExtractKey,
  decideGenerateKey,
  decideLogin,
  type HsmDecision,
  isLocked,
  KEYS_MAX,
  LOGIN_FAILURES_MAX,
  readHsmSnapshot,
  type Username,
} from '../../src/index.ts'
import {
  activated,
  active,
  admin,
  alice,
  as,
  asAdmin,
  bob,
  certified,
  command,
  created,
  generated,
  initialized,
  nobody,
  provisioned,
  record,
  SESSION,
  stateAfter,
  text,
  tombstone,
} from './samples.ts'

const NO_SESSION_KEYS = { keys: 0, asymmetric: 0 }
const loginAs = (username: Username, role: 'admin' | 'crypto-user') => ({ session: SESSION, username, role })
const verdict = (matches: boolean, of: Username) => ({ matches, verifier: text(`verifier of ${of}`) })
const refusalOf = <A>({ reply }: HsmDecision<A>) => (E.isLeft(reply) ? reply.left._tag : 'accepted')
const typesOf = <A>({ events }: HsmDecision<A>) => events.map(({ type }) => type)

const wrongLogins = (times: number) =>
  Array.from({ length: times }, () => ({
    type: 'LoginRefused' as const,
    session: SESSION,
    username: alice,
    role: 'crypto-user' as const,
    hsmReturn: 163,
  }))

test('the first HSM of a cluster has a pre-crypto-officer and an appliance user', (t) => {
  const { users, phase } = stateAfter(provisioned, initialized)
  t.is(phase, 'UNINITIALIZED')
  t.deepEqual(
    [...users.values()].map(({ username, role }) => [username, role]),
    [
      ['admin', 'PRECO'],
      ['app_user', 'appliance-user'],
    ] as never,
  )
})

test("changing the pre-crypto-officer's password makes it an admin and the HSM active", (t) => {
  const state = stateAfter(provisioned, initialized, certified)
  const decision = decideChangePassword(
    state,
    nobody,
    { commandId: command('a'), username: admin, role: 'admin' },
    text('v'),
  )
  t.deepEqual(typesOf(decision), ['PasswordChanged'])
  const after = stateAfter(provisioned, initialized, certified, activated)
  t.is(after.phase, 'ACTIVE')
  t.is(after.users.get(admin)?.role, 'admin')
})

test('nobody activates a cluster that has no certificate yet', (t) => {
  const state = stateAfter(provisioned, initialized)
  const decision = decideChangePassword(
    state,
    nobody,
    { commandId: command('a'), username: admin, role: 'admin' },
    text('v'),
  )
  t.is(refusalOf(decision), 'CKR_FUNCTION_FAILED')
})

test('a password that matches logs in, and forgets the failures before', (t) => {
  const state = active(...wrongLogins(LOGIN_FAILURES_MAX))
  const decision = decideLogin(state, loginAs(alice, 'crypto-user'), verdict(true, alice))
  t.deepEqual(typesOf(decision), ['LoginSucceeded'])
  const after = active(...wrongLogins(LOGIN_FAILURES_MAX), ...decision.events)
  t.is(after.users.get(alice)?.failures, 0)
})

test('a wrong password is a fact with code 163', (t) => {
  const decision = decideLogin(active(), loginAs(alice, 'crypto-user'), verdict(false, alice))
  t.like(decision.events[0], { type: 'LoginRefused', hsmReturn: 163 })
  t.is(refusalOf(decision), 'CKR_PIN_INCORRECT')
})

test('an unknown name is a fact with code 157', (t) => {
  const decision = decideLogin(active(), loginAs('mallory' as Username, 'crypto-user'), undefined)
  t.like(decision.events[0], { type: 'LoginRefused', hsmReturn: 157 })
})

test('a user is not found under another role', (t) => {
  t.is(refusalOf(decideLogin(active(), loginAs(alice, 'admin'), undefined)), 'CKR_PIN_INCORRECT')
})

test('the sixth wrong password in a row locks a user, and then the right one does not help', (t) => {
  const five = active(...wrongLogins(5)).users.get(alice)
  t.false(five !== undefined && isLocked(five))
  const locked = active(...wrongLogins(6))
  t.is(refusalOf(decideLogin(locked, loginAs(alice, 'crypto-user'), verdict(true, alice))), 'CKR_PIN_LOCKED')
})

test('an admin unlocks a user by a new password', (t) => {
  const locked = active(...wrongLogins(6))
  const changed = decideChangePassword(
    locked,
    asAdmin,
    { commandId: command('u'), username: alice, role: 'crypto-user' },
    text('v'),
  )
  const user = active(...wrongLogins(6), ...changed.events).users.get(alice)
  t.false(user !== undefined && isLocked(user))
})

test('a password that was changed during its check logs nobody in', (t) => {
  const decision = decideLogin(active(), loginAs(alice, 'crypto-user'), { matches: true, verifier: text('old') })
  t.is(refusalOf(decision), 'CKR_PIN_INCORRECT')
})

test('only admins create users, and a name only once', (t) => {
  const carol = { commandId: command('c'), username: 'carol' as Username, role: 'crypto-user' } as const
  t.deepEqual(typesOf(decideCreateUser(active(), asAdmin, carol, text('v'))), ['UserCreated'])
  t.is(refusalOf(decideCreateUser(active(), as(alice), carol, text('v'))), 'CKR_USER_NOT_LOGGED_IN')
  const again = { ...carol, username: alice }
  t.is(refusalOf(decideCreateUser(active(), asAdmin, again, text('v'))), 'CKR_FUNCTION_FAILED')
})

test('a retried command adds no second fact', (t) => {
  const state = active()
  const retried = { commandId: command('create-alice'), username: alice, role: 'crypto-user' } as const
  const decision = decideCreateUser(state, asAdmin, retried, text('v'))
  t.deepEqual(decision.events, [])
  t.true(E.isRight(decision.reply))
})

test('neither the last admin, nor an owner of keys, nor who is logged in is deleted', (t) => {
  const remove = (
    state: ReturnType<typeof active>,
    username: Username,
    role: 'admin' | 'crypto-user',
    loggedIn = false,
  ) => refusalOf(decideDeleteUser(state, asAdmin, { commandId: command('d'), username, role }, loggedIn))
  t.is(remove(active(), admin, 'admin'), 'CKR_FUNCTION_FAILED')
  t.is(remove(active(generated(record(1, alice))), alice, 'crypto-user'), 'CKR_FUNCTION_FAILED')
  t.is(remove(active(), alice, 'crypto-user', true), 'CKR_FUNCTION_FAILED')
  t.is(remove(active(created('second' as Username, 'admin')), admin, 'admin'), 'accepted')
  t.is(remove(active(), alice, 'crypto-user'), 'accepted')
})

test('crypto users change their own password and no other', (t) => {
  const change = (username: Username) =>
    refusalOf(
      decideChangePassword(active(), as(alice), { commandId: command('p'), username, role: 'crypto-user' }, text('v')),
    )
  t.is(change(alice), 'accepted')
  t.is(change(bob), 'CKR_USER_NOT_LOGGED_IN')
})

test('a key that was generated answers a retry with the same handle', (t) => {
  const generate = { caller: as(alice), commandId: command('generate-9'), volatile: NO_SESSION_KEYS }
  const first = decideGenerateKey(active(), generate, record(9, alice))
  const retry = decideGenerateKey(active(...first.events), generate, record(77, alice))
  t.deepEqual(retry, { events: [], reply: E.right(9 as never) })
})

test('quotas bind the making of keys, session keys counted', (t) => {
  const state = active()
  t.is(creationRefusal(state, as(alice), { keys: KEYS_MAX - 1, asymmetric: 0 }, false), undefined)
  t.is(creationRefusal(state, as(alice), { keys: KEYS_MAX - 1, asymmetric: 0 }, true)?._tag, 'CKR_DEVICE_MEMORY')
  const pairs = { keys: ASYMMETRIC_KEYS_MAX, asymmetric: ASYMMETRIC_KEYS_MAX - 1 }
  t.is(creationRefusal(state, as(alice), pairs, true)?._tag, 'CKR_DEVICE_MEMORY')
  t.is(creationRefusal(state, as(alice), pairs, false), undefined)
  t.is(creationRefusal(state, asAdmin, NO_SESSION_KEYS, false)?._tag, 'CKR_USER_NOT_LOGGED_IN')
})

test('a deleted key is gone and leaves a tombstone', (t) => {
  const state = active(generated(record(9, alice)))
  const decision = decideDestroyKey(state, as(alice), command('x'), tombstone(9))
  const after = active(generated(record(9, alice)), ...decision.events)
  t.false(after.keys.has(9 as never))
  t.true(after.tombstones.has(9 as never))
})

test('a key is deleted by its owner, and by nobody else', (t) => {
  const state = active(generated(record(9, alice)))
  t.is(refusalOf(decideDestroyKey(state, as(bob), command('x'), tombstone(9))), 'CKR_OBJECT_HANDLE_INVALID')
  t.is(refusalOf(decideDestroyKey(state, asAdmin, command('x'), tombstone(9))), 'CKR_USER_NOT_LOGGED_IN')
})

test('deleting a key again answers the tombstone that stands, and adds nothing', (t) => {
  const state = active(generated(record(9, alice)))
  const first = decideDestroyKey(state, as(alice), command('x'), tombstone(9))
  const after = active(generated(record(9, alice)), ...first.events)
  const again = decideDestroyKey(after, as(alice), command('y'), tombstone(9))
  t.deepEqual(again, { events: [], reply: E.right(tombstone(9)) })
})

test('a copy of a key leaves the HSM only for those who see it', (t) => {
  const state = active(generated(record(9, alice)))
  t.deepEqual(typesOf(decideExtractKey(state, as(alice), 9 as never)), ['KeyExtracted'])
  t.is(refusalOf(decideExtractKey(state, as(bob), 9 as never)), 'CKR_OBJECT_HANDLE_INVALID')
})

test('a zeroised HSM holds no key, no user and nothing to open them with', (t) => {
  const after = active(generated(record(9, alice)), { type: 'HsmZeroized' })
  t.is(after.phase, 'ZEROIZED')
  t.is(after.keys.size + after.users.size, 0)
  t.is(after.sealedMaskingKey, undefined)
})

test('a snapshot is read back as the state it was', (t) => {
  const state = active(generated(record(9, alice)), {
    type: 'KeyDeleted',
    source: 'client',
    session: SESSION,
    commandId: 'x',
    tombstone: tombstone(9),
  })
  const text = canonicalHsmState(state)
  const restored = readHsmSnapshot(text)
  t.is(restored === undefined ? undefined : canonicalHsmState(restored), text)
  t.is(readHsmSnapshot('{}'), undefined)
})

test('an account that does not exist is not the one of the same name: its refusals lock nobody', (t) => {
  const mistaken = Array.from({ length: 9 }, () => ({
    type: 'LoginRefused' as const,
    session: SESSION,
    username: alice,
    role: 'admin' as const,
    hsmReturn: 157,
  }))
  t.is(active(...mistaken).users.get(alice)?.failures, 0)
})

test('a command id that belongs to another kind of command does nothing, and does not say that it did', (t) => {
  const taken = command('create-alice')
  const user = { commandId: taken, username: alice, role: 'crypto-user' } as const
  t.is(refusalOf(decideDeleteUser(active(), asAdmin, user, false)), 'CKR_ARGUMENTS_BAD')
  t.is(refusalOf(decideChangePassword(active(), asAdmin, user, text('v'))), 'CKR_ARGUMENTS_BAD')
  const key = { caller: as(alice), commandId: taken, volatile: NO_SESSION_KEYS }
  t.is(refusalOf(decideGenerateKey(active(), key, record(9, alice))), 'CKR_ARGUMENTS_BAD')
})

test('nobody copies a key without being logged in, not even a public one', (t) => {
  const { fixed } = record(9, alice)
  const state = active(generated(record(9, alice, { fixed: { ...fixed, CKA_CLASS: 'CKO_PUBLIC_KEY' } })))
  t.is(refusalOf(decideExtractKey(state, nobody, 9 as never)), 'CKR_USER_NOT_LOGGED_IN')
  t.deepEqual(typesOf(decideExtractKey(state, as(bob), 9 as never)), ['KeyExtracted'])
})
