import test from 'ava'
import { toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { type KeyHandle, matches } from '../../src/index.ts'
import { plainRecord } from '../../src/arbitrary/index.ts'

const { fixed, mutable } = plainRecord(0x100_0001 as KeyHandle, 'invoices')
const attributes = { ...fixed, ...mutable }
const label = (text: string) => ({ CKA_LABEL: toBase64(utf8Bytes(text)) })

test('the empty filter matches every key', (t) => {
  t.true(matches({}, attributes))
})

test('every attribute that the filter names must be equal', (t) => {
  t.true(matches({ CKA_CLASS: 'CKO_SECRET_KEY', CKA_VALUE_LEN: 32, CKA_SIGN: true, ...label('invoices') }, attributes))
  t.false(matches({ CKA_CLASS: 'CKO_SECRET_KEY', ...label('Invoices') }, attributes))
  t.false(matches({ CKA_SIGN: false }, attributes))
})

test('an attribute that the key does not have matches nothing, not even empty', (t) => {
  t.false(matches({ CKA_MODULUS: toBase64(new Uint8Array(0)) }, attributes))
  t.false(matches({ CKA_MODULUS_BITS: 0 }, attributes))
})

test('an empty value is a value', (t) => {
  t.true(matches({ CKA_ID: toBase64(new Uint8Array(0)) }, attributes))
})
