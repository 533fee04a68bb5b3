import { bytesToHex } from '@noble/hashes/utils.js'
import test from 'ava'
import { encodeKeyMaterial } from '../src/index.ts'

test('key material has the bytes that released versions wrote', (t) => {
  const hex = (...args: Parameters<typeof encodeKeyMaterial>): string => bytesToHex(encodeKeyMaterial(...args))
  const two = Uint8Array.of(1, 2)
  t.is(hex({ _tag: 'secret', keyType: 'CKK_AES', value: two }), '00000000020102')
  t.is(hex({ _tag: 'secret', keyType: 'CKK_GENERIC_SECRET', value: two }), '01000000020102')
  t.is(hex({ _tag: 'ec-private', curve: 'secp384r1', scalar: two }), '020000000706052b81040022000000020102')
  t.is(hex({ _tag: 'ec-public', curve: 'secp256k1', point: two }), '030000000706052b8104000a000000020102')
  t.is(hex({ _tag: 'rsa-private', pkcs8: two }), '04000000020102')
  t.is(hex({ _tag: 'rsa-public', modulus: two, publicExponent: two }), '05000000020102000000020102')
})
