import { sha256 } from '@noble/hashes/sha2.js'
import test from 'ava'
import { masked } from '../../src/rsa/mask.ts'
import { oaepDecode, oaepEncode, oaepRoom } from '../../src/rsa/oaep.ts'
import { pkcs1EncryptionPad, pkcs1EncryptionUnpad, pkcs1SignaturePad } from '../../src/rsa/pkcs1-padding.ts'

const WIDTH = 128
const data = (length: number): Uint8Array => new Uint8Array(length).fill(9)
let drawn = 0
/** Zeros among them, which padding must not contain. */
const random = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => (drawn++ * 7) % 5)
const changed = (block: Uint8Array, at: number, byte: number): Uint8Array => {
  const other = Uint8Array.from(block)
  other[at] = byte
  return other
}

test('a signature block is 00 01 FF … 00 and the data', (t) => {
  const block = pkcs1SignaturePad(data(20), WIDTH)
  t.deepEqual([...block.subarray(0, 3)], [0, 1, 0xff])
  t.true(block.subarray(2, WIDTH - 21).every((byte) => byte === 0xff))
  t.is(block[WIDTH - 21], 0)
  t.deepEqual(block.subarray(WIDTH - 20), data(20))
})

test('an encryption block of any length comes apart again, and its padding has no zero', (t) => {
  for (const length of [0, 1, 50, WIDTH - 11]) {
    const block = pkcs1EncryptionPad(data(length), WIDTH, random)
    t.true(block.subarray(2, WIDTH - length - 1).every((byte) => byte !== 0))
    t.deepEqual(pkcs1EncryptionUnpad(block), data(length))
  }
})

test('an encryption block with anything wrong is refused', (t) => {
  const block = pkcs1EncryptionPad(data(20), WIDTH, random)
  const wrong = {
    'a first byte': changed(block, 0, 1),
    'another type': changed(block, 1, 1),
    'seven bytes of padding': changed(block, 9, 0),
    'no padding': changed(block, 2, 0),
    'no end of padding': new Uint8Array(WIDTH).fill(7).fill(0, 0, 1).fill(2, 1, 2),
  }
  for (const [what, bad] of Object.entries(wrong)) t.is(pkcs1EncryptionUnpad(bad), undefined, what)
  t.deepEqual(pkcs1EncryptionUnpad(changed(block, 10, 0))?.length, WIDTH - 11, 'eight bytes of padding suffice')
})

const hash = { bytes: 32, hash: (message: Uint8Array) => sha256(message) }
const label = Uint8Array.of(1, 2, 3)
const seed = data(32)

test('an OAEP block of any length comes apart again under the same label', (t) => {
  for (const length of [0, 1, oaepRoom(hash, WIDTH)]) {
    const block = oaepEncode(hash, label, seed, data(length), WIDTH)
    t.is(block.length, WIDTH)
    t.deepEqual(oaepDecode(hash, label, block), data(length))
    t.is(oaepDecode(hash, seed, block), undefined)
  }
})

test('an OAEP block with any byte changed is refused', (t) => {
  const block = oaepEncode(hash, label, seed, data(5), WIDTH)
  for (let at = 0; at < WIDTH - 5; at++) t.is(oaepDecode(hash, label, changed(block, at, block[at]! ^ 64)), undefined)
})

test('an OAEP block whose padding never ends, or does not begin with zeros, is refused', (t) => {
  const withData = (rest: Uint8Array): Uint8Array => {
    const maskedData = masked(hash, seed, Uint8Array.from([...sha256(label), ...rest]))
    return Uint8Array.from([0, ...masked(hash, maskedData, seed), ...maskedData])
  }
  const length = WIDTH - 1 - 2 * 32
  const rest = new Uint8Array(length).fill(1, 10, 11)
  t.is(oaepDecode(hash, label, withData(rest))?.length, length - 11)
  t.is(oaepDecode(hash, label, withData(new Uint8Array(length))), undefined)
  t.is(oaepDecode(hash, label, withData(changed(rest, 3, 2))), undefined)
})
