import test from 'ava'
import {
  type GuardedKey,
  type KeyFunction,
  mayTrust,
  mayUse,
  mayWrapWith,
  type MutableAttributes,
  type Stamp,
  type Username,
  visibility,
} from '../../src/index.ts'
import { plainRecord } from '../../src/arbitrary/index.ts'
import type { KeyHandle } from '../../src/index.ts'

const stamp = '00000000000010000-hsm-aaaaaaaaaaa' as Stamp
const record = plainRecord(0x100_0001 as KeyHandle)
const key = (values: Partial<MutableAttributes> = {}): GuardedKey => ({
  ...record,
  owner: 'owner' as Username,
  shares: { friend: { shared: true, stamp }, former: { shared: false, stamp } },
  mutable: { ...record.mutable, CKA_WRAP: true, CKA_UNWRAP: true, CKA_DERIVE: true, ...values },
})
const publicKey = (values: Partial<MutableAttributes> = {}): GuardedKey => ({
  ...key(values),
  fixed: { CKA_CLASS: 'CKO_PUBLIC_KEY' },
})

const cryptoUser = (username: string) => ({ username, role: 'crypto-user' })
const [owner, friend, former, stranger] = ['owner', 'friend', 'former', 'stranger'].map(cryptoUser)
const admin = { username: 'admin', role: 'admin' }

const WORK: ReadonlyArray<KeyFunction> = ['sign', 'verify', 'encrypt', 'decrypt', 'wrap', 'unwrap']
const ALL: ReadonlyArray<KeyFunction> = [...WORK, 'derive', 'extract', 'modify', 'delete', 'read']

test('an owner does everything', (t) => {
  for (const wanted of ALL) t.is(mayUse(key(), owner, wanted), undefined)
})

test('who shares a key works with it and reads it', (t) => {
  for (const wanted of [...WORK, 'read'] as const) t.is(mayUse(key(), friend, wanted), undefined)
})

test('who shares a key does not derive from, hand out, change or delete it', (t) => {
  t.is(mayUse(key(), friend, 'derive'), 'CKR_KEY_FUNCTION_NOT_PERMITTED')
  t.is(mayUse(key(), friend, 'extract'), 'CKR_KEY_NOT_WRAPPABLE')
  t.is(mayUse(key(), friend, 'modify'), 'CKR_ACTION_PROHIBITED')
  t.is(mayUse(key(), friend, 'delete'), 'CKR_ACTION_PROHIBITED')
})

test('to strangers, and to those who share it no longer, the key is not there', (t) => {
  for (const user of [stranger, former]) {
    for (const wanted of [...WORK, 'derive', 'extract'] as const) {
      t.is(mayUse(key(), user, wanted), 'CKR_KEY_HANDLE_INVALID')
    }
    for (const wanted of ['read', 'modify', 'delete'] as const) {
      t.is(mayUse(key(), user, wanted), 'CKR_OBJECT_HANDLE_INVALID')
    }
  }
})

test('a user whose name is that of an object member shares nothing', (t) => {
  for (const name of ['__proto__', 'constructor']) t.is(visibility(key(), cryptoUser(name)), 'none')
})

test('a flag that is not set forbids its use, even to the owner', (t) => {
  const flags = {
    sign: 'CKA_SIGN',
    verify: 'CKA_VERIFY',
    encrypt: 'CKA_ENCRYPT',
    decrypt: 'CKA_DECRYPT',
    wrap: 'CKA_WRAP',
    unwrap: 'CKA_UNWRAP',
    derive: 'CKA_DERIVE',
  } as const
  for (const wanted of [...WORK, 'derive'] as ReadonlyArray<keyof typeof flags>) {
    t.is(mayUse(key({ [flags[wanted]]: false }), owner, wanted), 'CKR_KEY_FUNCTION_NOT_PERMITTED')
  }
})

test('keys protect themselves against being handed out, changed and deleted', (t) => {
  t.is(mayUse(key({ CKA_EXTRACTABLE: false }), owner, 'extract'), 'CKR_KEY_UNEXTRACTABLE')
  t.is(mayUse(key({ CKA_MODIFIABLE: false }), owner, 'modify'), 'CKR_ACTION_PROHIBITED')
  t.is(mayUse(key({ CKA_DESTROYABLE: false }), owner, 'delete'), 'CKR_ACTION_PROHIBITED')
})

test('public keys are seen by all and used by every crypto user, but belong to their owner', (t) => {
  t.is(mayUse(publicKey(), undefined, 'read'), undefined)
  t.is(mayUse(publicKey(), stranger, 'verify'), undefined)
  t.is(mayUse(publicKey(), stranger, 'encrypt'), undefined)
  t.is(mayUse(publicKey({ CKA_VERIFY: false }), stranger, 'verify'), 'CKR_KEY_FUNCTION_NOT_PERMITTED')
  t.is(mayUse(publicKey(), stranger, 'delete'), 'CKR_ACTION_PROHIBITED')
  t.is(mayUse(publicKey(), owner, 'delete'), undefined)
})

test('nothing is done with a key before login', (t) => {
  for (const each of [key(), publicKey()]) t.is(mayUse(each, undefined, 'verify'), 'CKR_USER_NOT_LOGGED_IN')
  t.is(mayUse(key(), undefined, 'read'), 'CKR_OBJECT_HANDLE_INVALID')
})

test('admins see labels of all keys and use none', (t) => {
  t.is(visibility(key(), admin), 'label')
  t.is(visibility(publicKey(), admin), 'all')
  t.is(mayUse(key(), admin, 'read'), undefined)
  for (const wanted of ALL.filter((each) => each !== 'read')) {
    t.is(mayUse(key(), admin, wanted), 'CKR_USER_NOT_LOGGED_IN')
  }
})

test('an admin with the name of the owner is not the owner', (t) => {
  t.is(mayUse(key(), { username: 'owner', role: 'admin' }, 'sign'), 'CKR_USER_NOT_LOGGED_IN')
})

test('only admins trust keys', (t) => {
  t.is(mayTrust(key(), admin), undefined)
  t.is(mayTrust(key({ CKA_MODIFIABLE: false }), admin), 'CKR_ACTION_PROHIBITED')
  t.is(mayTrust(key(), owner), 'CKR_ATTRIBUTE_READ_ONLY')
  t.is(mayTrust(key(), stranger), 'CKR_OBJECT_HANDLE_INVALID')
})

test('a key that is to be wrapped with trusted keys only is not wrapped with others', (t) => {
  const payload = key({ CKA_WRAP_WITH_TRUSTED: true })
  t.is(mayWrapWith(payload, key()), 'CKR_KEY_NOT_WRAPPABLE')
  t.is(mayWrapWith(payload, key({ CKA_TRUSTED: true })), undefined)
  t.is(mayWrapWith(key(), key()), undefined)
})
