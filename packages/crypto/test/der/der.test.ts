import { createECDH, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import test from 'ava'
import {
  CURVE_NAMES,
  curveOfEcParams,
  CURVES,
  ecParams,
  ecPointAttribute,
  ecPointOf,
  ecSec1,
  ecSpki,
  isPointOn,
  rsaParts,
  rsaPkcs8,
  rsaSpki,
} from '../../src/index.ts'

const pairs = CURVE_NAMES.map((curve) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: CURVES[curve].opensslName })
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  const point = Uint8Array.from(spki.subarray(spki.length - 1 - 2 * CURVES[curve].bytes))
  return { curve, publicKey, privateKey, spki, point }
})
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })

test('CKA_EC_PARAMS name each curve both ways, and nothing else', (t) => {
  for (const curve of CURVE_NAMES) t.is(curveOfEcParams(ecParams(curve)), curve)
  t.is(bytesToHex(ecParams('secp256r1')), '06082a8648ce3d030107')
  t.is(bytesToHex(ecParams('secp256k1')), '06052b8104000a')
  for (const other of ['', '06', '06052b81040006', '06082a8648ce3d03010700']) {
    t.is(curveOfEcParams(hexToBytes(other)), undefined)
  }
})

test('CKA_EC_POINT is an OCTET STRING around the point, and is read with or without it', (t) => {
  for (const { point } of pairs) {
    const attribute = ecPointAttribute(point)
    t.is(attribute[0], 4)
    t.deepEqual(ecPointOf(attribute), point)
    t.deepEqual(ecPointOf(point), point)
  }
  t.is(bytesToHex(ecPointAttribute(new Uint8Array(133)).subarray(0, 3)), '048185')
})

test('a bare point that happens to look like DER is still a point', (t) => {
  const point = new Uint8Array(65).fill(1)
  point.set([4, 63])
  t.deepEqual(ecPointOf(point), point)
})

test('what has the length of no curve, or is compressed, is no point', (t) => {
  for (const length of [0, 1, 33, 64, 66]) t.is(ecPointOf(new Uint8Array(length).fill(4)), undefined)
  t.is(ecPointOf(ecPointAttribute(new Uint8Array(65).fill(2))), undefined)
})

test('a point is on its own curve only', (t) => {
  for (const { curve, point } of pairs) {
    t.deepEqual(
      CURVE_NAMES.filter((name) => isPointOn(name, point)),
      [curve],
    )
  }
})

test('the public key of a point is the one that OpenSSL writes', (t) => {
  for (const { curve, point, spki } of pairs) t.is(bytesToHex(ecSpki(curve, point)), bytesToHex(spki))
})

test('OpenSSL finds the public key of a scalar in what we write', (t) => {
  for (const curve of CURVE_NAMES) {
    const ecdh = createECDH(CURVES[curve].opensslName)
    const point = ecdh.generateKeys()
    const scalar = new Uint8Array(CURVES[curve].bytes)
    scalar.set(ecdh.getPrivateKey(), scalar.length - ecdh.getPrivateKey().length)
    const read = createPrivateKey({ key: Buffer.from(ecSec1(curve, scalar)), format: 'der', type: 'sec1' })
    const spki = createPublicKey(read).export({ format: 'der', type: 'spki' })
    t.is(bytesToHex(spki), bytesToHex(ecSpki(curve, point)))
  }
})

test('RSA keys are taken apart and put together as OpenSSL writes them', (t) => {
  const pkcs8 = rsa.privateKey.export({ format: 'der', type: 'pkcs8' })
  const parts = rsaParts(pkcs8)
  t.is(bytesToHex(rsaPkcs8(parts!)), bytesToHex(pkcs8))
  const spki = rsa.publicKey.export({ format: 'der', type: 'spki' })
  t.is(bytesToHex(rsaSpki(parts!.modulus, parts!.publicExponent)), bytesToHex(spki))
})

test('a private key that is not RSA, or is cut or padded, has no parts', (t) => {
  const pkcs8 = rsa.privateKey.export({ format: 'der', type: 'pkcs8' })
  t.is(rsaParts(pkcs8.subarray(0, -1)), undefined)
  t.is(rsaParts(Buffer.concat([pkcs8, Buffer.of(0)])), undefined)
  t.is(rsaParts(pairs[1]!.privateKey.export({ format: 'der', type: 'pkcs8' })), undefined)
  t.is(rsaParts(new Uint8Array(0)), undefined)
})
