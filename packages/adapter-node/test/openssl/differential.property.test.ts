import { createECDH } from 'node:crypto'
import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import { CKG, CKM, CKZ, type Mechanism, type MechanismParameter, NO_PARAMETER } from '@hsmlab/pkcs11'
import {
  bytesToNumber,
  CURVE_NAMES,
  CURVES,
  type CryptoEngine,
  type CryptoResult,
  type KeyMaterial,
  modularInverse,
  numberToBytes,
  type OpenKey,
} from '@hsmlab/crypto'
import { nobleEngine, RSA_FIXTURES } from '@hsmlab/crypto/noble'
import { opensslEngine, systemRandom } from '../../src/index.ts'

const openssl = opensslEngine()
const noble = nobleEngine({ random: systemRandom, rsaKeys: RSA_FIXTURES })
test.after.always(() => openssl.close())

/** Of all lengths alike: the default size of fast-check stops near 10. */
const bytes = (maxLength: number, minLength = 0) => fc.uint8Array({ minLength, maxLength, size: 'max' })
const mechanism = (type: number, parameter: MechanismParameter = NO_PARAMETER): Mechanism => ({ type, parameter })
const few = { numRuns: 12 }

const opened = (engine: CryptoEngine, material: KeyMaterial): OpenKey => {
  const key = engine.open(material)
  if (key._tag === 'Left') throw new Error(key.left._tag)
  return key.right
}
/** The bytes or the code, in a form that compares. */
const outcome = async (result: CryptoResult | Promise<CryptoResult>): Promise<string> => {
  const settled = await result
  return settled._tag === 'Left' ? settled.left._tag : Buffer.from(settled.right).toString('hex')
}

const secret = (keyType: 'CKK_AES' | 'CKK_GENERIC_SECRET', value: Uint8Array): KeyMaterial => ({
  _tag: 'secret',
  keyType,
  value,
})

const aesKey = fc.constantFrom(16, 24, 32).chain((length) => bytes(length, length))
const aesMechanism: fc.Arbitrary<Mechanism> = fc.oneof(
  fc.constant(mechanism(CKM.CKM_AES_ECB)),
  bytes(16, 15).map((iv) => mechanism(CKM.CKM_AES_CBC, { _tag: 'iv', iv })),
  bytes(16, 16).map((iv) => mechanism(CKM.CKM_AES_CBC_PAD, { _tag: 'iv', iv })),
  fc
    .tuple(fc.integer({ min: 1, max: 128 }), bytes(16, 16))
    .map(([counterBits, counterBlock]) => mechanism(CKM.CKM_AES_CTR, { _tag: 'ctr', counterBits, counterBlock })),
  fc
    .tuple(bytes(20, 7), bytes(40), fc.constantFrom(32, 64, 96, 104, 112, 120, 128, 90))
    .map(([iv, aad, tagBits]) => mechanism(CKM.CKM_AES_GCM, { _tag: 'gcm', iv, aad, tagBits })),
)

testProp(
  'both engines encrypt and decrypt alike under AES, refusals included',
  [aesKey, aesMechanism, bytes(100)],
  async (t, value, type, message) => {
    const keys = [openssl, noble].map((engine) => opened(engine, secret('CKK_AES', value))) as [OpenKey, OpenKey]
    const ciphertext = await outcome(openssl.encrypt(keys[0], type, message))
    t.is(await outcome(noble.encrypt(keys[1], type, message)), ciphertext)
    const back = Buffer.from(ciphertext, 'hex')
    t.is(await outcome(noble.decrypt(keys[1], type, back)), await outcome(openssl.decrypt(keys[0], type, back)))
    t.is(await outcome(noble.decrypt(keys[1], type, message)), await outcome(openssl.decrypt(keys[0], type, message)))
  },
  { numRuns: 300 },
)

const hashes = ['CKM_SHA_1', 'CKM_SHA224', 'CKM_SHA256', 'CKM_SHA384', 'CKM_SHA512'] as const
const macs = ['CKM_SHA_1_HMAC', 'CKM_SHA224_HMAC', 'CKM_SHA256_HMAC', 'CKM_SHA384_HMAC', 'CKM_SHA512_HMAC'] as const

testProp('both engines hash alike', [fc.constantFrom(...hashes), bytes(300)], async (t, name, message) => {
  const type = mechanism(CKM[name])
  t.is(await outcome(openssl.digest(type, message)), await outcome(noble.digest(type, message)))
})

testProp(
  'both engines compute the same HMAC',
  [fc.constantFrom(...macs), bytes(200, 1), bytes(300)],
  async (t, name, value, message) => {
    const [one, other] = [openssl, noble].map((engine) =>
      engine.sign(opened(engine, secret('CKK_GENERIC_SECRET', value)), mechanism(CKM[name]), message),
    )
    t.is(await outcome(one!), await outcome(other!))
  },
)

const ecdsaTypes = [
  'CKM_ECDSA',
  'CKM_ECDSA_SHA1',
  'CKM_ECDSA_SHA224',
  'CKM_ECDSA_SHA256',
  'CKM_ECDSA_SHA384',
  'CKM_ECDSA_SHA512',
] as const

for (const curve of CURVE_NAMES) {
  testProp(
    `${curve}: what one engine signs, the other verifies, from keys of either`,
    [fc.constantFrom(...ecdsaTypes), bytes(90, 1), fc.boolean()],
    async (t, name, message, isOurs) => {
      const { scalar, point } = (isOurs ? openssl : noble).generateEc(curve)
      for (const [signer, verifier] of [
        [openssl, noble],
        [noble, openssl],
        [openssl, openssl],
      ] as const) {
        const type = mechanism(CKM[name])
        const privateKey = opened(signer, { _tag: 'ec-private', curve, scalar })
        const publicKey = opened(verifier, { _tag: 'ec-public', curve, point })
        const signature = Buffer.from(await outcome(signer.sign(privateKey, type, message)), 'hex')
        t.is(await outcome(verifier.verify(publicKey, type, message, signature)), '')
        signature[3] = signature[3]! ^ 1
        t.is(await outcome(verifier.verify(publicKey, type, message, signature)), 'CKR_SIGNATURE_INVALID')
      }
    },
    few,
  )
}

testProp(
  'both engines judge a P-256 signature of any digest alike, small and large numbers included',
  [bytes(64, 1), fc.constantFrom(0n, 1n, 2n, -1n, -2n), fc.constantFrom(1n, 2n, 3n, -1n), fc.boolean()],
  async (t, digest, r, s, isZeroDigest) => {
    const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const fixed = (value: bigint) => (value < 0n ? n + value : value).toString(16).padStart(64, '0')
    const signature = Buffer.from(fixed(r) + fixed(s), 'hex')
    const { point } = openssl.generateEc('secp256r1')
    const message = isZeroDigest ? new Uint8Array(32) : digest
    const verdicts = [openssl, noble].map((engine) =>
      engine.verify(
        opened(engine, { _tag: 'ec-public', curve: 'secp256r1', point }),
        mechanism(CKM.CKM_ECDSA),
        message,
        signature,
      ),
    )
    t.is(await outcome(verdicts[0]!), await outcome(verdicts[1]!))
  },
  { numRuns: 40 },
)

test('a signature whose two summands are the same point, or opposite ones, is judged right', async (t) => {
  // With d = 1 the key is G itself. Then e = r makes (e/r)·G the same point, and e = n − r the opposite one.
  const { n, bytes: width } = CURVES.secp256r1
  const k = 12345n
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(numberToBytes(1n, width))
  const point = ecdh.getPublicKey()
  ecdh.setPrivateKey(numberToBytes(k, width))
  const r = bytesToNumber(ecdh.getPublicKey().subarray(1, 33)) % n
  const s = (modularInverse(k, n) * 2n * r) % n
  const signature = Buffer.concat([numberToBytes(r, width), numberToBytes(s, width)])
  for (const engine of [openssl, noble]) {
    const publicKey = opened(engine, { _tag: 'ec-public', curve: 'secp256r1', point })
    const judged = (e: bigint) =>
      outcome(engine.verify(publicKey, mechanism(CKM.CKM_ECDSA), numberToBytes(e, width), signature))
    t.is(await judged(r), '')
    t.is(await judged(n - r), 'CKR_SIGNATURE_INVALID')
  }
})

const pss = (saltLength: number): MechanismParameter => ({
  _tag: 'pss',
  hash: CKM.CKM_SHA256,
  mgf: CKG.CKG_MGF1_SHA256,
  saltLength,
})
const oaep: MechanismParameter = {
  _tag: 'oaep',
  hash: CKM.CKM_SHA384,
  mgf: CKG.CKG_MGF1_SHA384,
  source: CKZ.CKZ_DATA_SPECIFIED,
  sourceData: Uint8Array.of(1, 2),
}
const rsaTypes = [
  mechanism(CKM.CKM_RSA_PKCS),
  mechanism(CKM.CKM_SHA512_RSA_PKCS),
  mechanism(CKM.CKM_SHA256_RSA_PKCS_PSS, pss(0)),
  mechanism(CKM.CKM_SHA256_RSA_PKCS_PSS, pss(222)),
]

testProp(
  'what one engine signs or encrypts by RSA, the other verifies or decrypts',
  [fc.constantFrom(...rsaTypes), fc.constantFrom(...RSA_FIXTURES), bytes(100)],
  async (t, type, { pkcs8, modulus, publicExponent }, message) => {
    for (const [signer, verifier] of [
      [openssl, noble],
      [noble, openssl],
    ] as const) {
      const publicKey = opened(verifier, { _tag: 'rsa-public', modulus, publicExponent })
      const privateKey = opened(signer, { _tag: 'rsa-private', pkcs8 })
      const signature = Buffer.from(await outcome(signer.sign(privateKey, type, message)), 'hex')
      t.is(await outcome(verifier.verify(publicKey, type, message, signature)), '')
      const encryption = mechanism(CKM.CKM_RSA_PKCS_OAEP, oaep)
      const ciphertext = Buffer.from(await outcome(verifier.encrypt(publicKey, encryption, message)), 'hex')
      t.is(await outcome(signer.decrypt(privateKey, encryption, ciphertext)), Buffer.from(message).toString('hex'))
    }
  },
  few,
)

testProp(
  'the primitives of both engines agree',
  [bytes(32, 32), bytes(60), bytes(200, 1)],
  async (t, key, salt, message) => {
    t.deepEqual(openssl.sha256(message), noble.sha256(message))
    t.deepEqual(openssl.hmacSha256(key, message), noble.hmacSha256(key, message))
    t.deepEqual(openssl.hkdfSha256(message, salt, key, 77), noble.hkdfSha256(message, salt, key, 77))
    t.deepEqual(await openssl.pbkdf2Sha256(message, salt, 3, 40), await noble.pbkdf2Sha256(message, salt, 3, 40))
    t.deepEqual(openssl.aesKeyWrapPadded(key, message), noble.aesKeyWrapPadded(key, message))
    const nonce = key.subarray(0, 12)
    t.deepEqual(openssl.aesGcm(key).seal(nonce, salt, message), noble.aesGcm(key).seal(nonce, salt, message))
    t.deepEqual(openssl.aesGcm(key).open(nonce, salt, message), noble.aesGcm(key).open(nonce, salt, message))
    const pair = noble.x25519.generate()
    t.deepEqual(openssl.x25519.sharedSecret(key, pair.publicKey), noble.x25519.sharedSecret(key, pair.publicKey))
    t.deepEqual(openssl.ed25519.sign(key, message), noble.ed25519.sign(key, message))
  },
)
