import { CURVE_NAMES } from '../der/ec-params.ts'
import { HASHES, hashOfMgf } from '../hashes.ts'
import { MECHANISMS, type MechanismFacts } from '../mechanisms.ts'
import { type MechanismParameter, NO_PARAMETER } from '@hsmlab/pkcs11'
import type { OpenKey } from '../engine.ts'
import type { EngineUnderTest } from './engine.ts'
import {
  codeOf,
  ctr,
  ecPair,
  gcm,
  iv,
  OAEP_SHA256,
  type OpenPair,
  PSS_SHA256,
  rightOf,
  rsaPair,
  secretKey,
} from './test-keys.ts'
import type { Test } from './test-face.ts'

const MESSAGE = Uint8Array.from({ length: 32 }, (_, i) => i)

const parameterOf = ({ parameter, hash }: MechanismFacts): MechanismParameter => {
  switch (parameter) {
    case 'none':
      return NO_PARAMETER
    case 'iv':
      return iv(16)
    case 'ctr':
      return ctr(32, 250)
    case 'gcm':
      return gcm(128)
    case 'oaep':
      return OAEP_SHA256
    case 'pss':
      return hash === undefined
        ? PSS_SHA256
        : { _tag: 'pss', hash: HASHES[hash].mechanism, mgf: HASHES[hash].mgf, saltLength: HASHES[hash].bytes }
  }
}

const flipped = (bytes: Uint8Array): Uint8Array => {
  const other = Uint8Array.from(bytes)
  other[10] = (other[10] ?? 0) ^ 4
  return other
}

/** What an engine signed it verifies, what it encrypted it decrypts; and nothing else. */
export const roundTrips = (test: Test, { engine, rsaKey }: EngineUnderTest): void => {
  const aes = rightOf(engine.open(secretKey('CKK_AES', 32)))
  const generic = rightOf(engine.open(secretKey('CKK_GENERIC_SECRET', 48)))
  const rsa = rsaPair(engine, rsaKey)
  const alone = (key: OpenKey): OpenPair => ({ privateKey: key, publicKey: key })
  const pairs = (facts: MechanismFacts): ReadonlyArray<OpenPair> => {
    if (facts.keyType === 'CKK_RSA') return [rsa]
    if (facts.keyType === 'CKK_EC') return CURVE_NAMES.map((curve) => ecPair(engine, curve))
    return [alone(facts.keyType === 'CKK_AES' ? aes : generic)]
  }

  for (const facts of MECHANISMS) {
    const mechanism = { type: facts.type, parameter: parameterOf(facts) }
    if (facts.functions.includes('sign')) {
      test(`${engine.name}: ${facts.name} verifies what it signed, and nothing else`, async (t) => {
        for (const { privateKey, publicKey } of pairs(facts)) {
          const signature = rightOf(await engine.sign(privateKey, mechanism, MESSAGE))
          t.is(await codeOf(engine.verify(publicKey, mechanism, MESSAGE, signature)), 'CKR_OK')
          t.is(await codeOf(engine.verify(publicKey, mechanism, flipped(MESSAGE), signature)), 'CKR_SIGNATURE_INVALID')
          t.is(await codeOf(engine.verify(publicKey, mechanism, MESSAGE, flipped(signature))), 'CKR_SIGNATURE_INVALID')
        }
      })
    }
    if (facts.functions.includes('encrypt')) {
      test(`${engine.name}: ${facts.name} decrypts what it encrypted`, async (t) => {
        for (const { privateKey, publicKey } of pairs(facts)) {
          const ciphertext = rightOf(await engine.encrypt(publicKey, mechanism, MESSAGE))
          t.deepEqual([...rightOf(await engine.decrypt(privateKey, mechanism, ciphertext))], [...MESSAGE])
        }
      })
    }
  }

  test(`${engine.name}: MGF1 may draw on another hash than the digest's`, async (t) => {
    const facts = MECHANISMS.find(({ name }) => name === 'CKM_RSA_PKCS_PSS')
    const parameter = { ...PSS_SHA256, mgf: HASHES['SHA-1'].mgf } as MechanismParameter
    t.is(hashOfMgf(HASHES['SHA-1'].mgf), 'SHA-1')
    const mechanism = { type: facts?.type ?? 0, parameter }
    const signature = rightOf(await engine.sign(rsa.privateKey, mechanism, MESSAGE))
    t.is(await codeOf(engine.verify(rsa.publicKey, mechanism, MESSAGE, signature)), 'CKR_OK')
    const other = { ...mechanism, parameter: PSS_SHA256 }
    t.is(await codeOf(engine.verify(rsa.publicKey, other, MESSAGE, signature)), 'CKR_SIGNATURE_INVALID')
  })

  test(`${engine.name}: key wrap gives back what was wrapped, of any length`, async (t) => {
    const key = new Uint8Array(32).fill(8)
    for (const length of [1, 7, 8, 9, 32, 1217]) {
      const plaintext = new Uint8Array(length).fill(3)
      const wrapped = engine.aesKeyWrapPadded(key, plaintext)
      t.is(engine.aesKeyUnwrapPadded(key, wrapped)?.join(), plaintext.join())
      t.is(engine.aesKeyUnwrapPadded(key, flipped(wrapped)), undefined)
      t.is(engine.aesKeyUnwrapPadded(key, wrapped.subarray(1)), undefined)
    }
  })

  test(`${engine.name}: a key pair for X25519 or Ed25519 works with its other half`, async (t) => {
    const [one, other] = [engine.x25519.generate(), engine.x25519.generate()]
    const shared = engine.x25519.sharedSecret(one.privateKey, other.publicKey)
    t.is(shared?.join(), engine.x25519.sharedSecret(other.privateKey, one.publicKey)?.join())
    t.is(shared?.join(), engine.x25519.sharedSecret(Uint8Array.from(one.privateKey), other.publicKey)?.join())
    const { privateKey, publicKey } = engine.ed25519.generate()
    t.true(engine.ed25519.verify(publicKey, MESSAGE, engine.ed25519.sign(privateKey, MESSAGE)))
  })

  test(`${engine.name}: AES-GCM opens what it sealed, under the same nonce and associated data`, async (t) => {
    const aead = engine.aesGcm(new Uint8Array(32).fill(1))
    const nonce = new Uint8Array(12).fill(2)
    const sealed = aead.seal(nonce, MESSAGE, MESSAGE)
    t.is(aead.open(nonce, MESSAGE, sealed)?.join(), MESSAGE.join())
    t.is(aead.open(flipped(nonce), MESSAGE, sealed), undefined)
    t.is(aead.open(nonce, flipped(MESSAGE), sealed), undefined)
    t.is(aead.open(nonce, MESSAGE, flipped(sealed)), undefined)
    t.is(aead.open(nonce, MESSAGE, sealed.subarray(0, 15)), undefined)
  })
}
