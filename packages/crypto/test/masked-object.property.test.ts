import { fc, testProp } from '@fast-check/ava'
import { type KeyMaterial, openMaskedObject, sealMaskedObject } from '../src/index.ts'
import { nobleEngine } from '../src/noble/index.ts'
import { seededRandom } from './seeded-random.ts'

const engine = nobleEngine({ random: seededRandom('masked') })
const maskingKey = { id: 'mk-1', key: new Uint8Array(32).fill(4) }
const nonce = new Uint8Array(12).fill(6)

const bytes = fc.uint8Array({ maxLength: 40, size: 'max' })
const curve = fc.constantFrom('secp224r1', 'secp256r1', 'secp384r1', 'secp521r1', 'secp256k1')
const material: fc.Arbitrary<KeyMaterial> = fc.oneof(
  fc.record({ _tag: fc.constant('secret'), keyType: fc.constantFrom('CKK_AES', 'CKK_GENERIC_SECRET'), value: bytes }),
  fc.record({ _tag: fc.constant('ec-private'), curve, scalar: bytes }),
  fc.record({ _tag: fc.constant('ec-public'), curve, point: bytes }),
  fc.record({ _tag: fc.constant('rsa-private'), pkcs8: bytes }),
  fc.record({ _tag: fc.constant('rsa-public'), modulus: bytes, publicExponent: bytes }),
)
const binding = fc.record({ handle: fc.nat(), generation: fc.nat(), attributes: bytes })

testProp('a masked object opens to the key that went in', [material, binding], (t, key, bound) => {
  const sealed = sealMaskedObject(engine, maskingKey, bound, nonce, key)
  t.deepEqual(openMaskedObject(engine, maskingKey, bound, sealed), key)
})

testProp(
  'it opens under no other handle, generation, attributes, lineage or key',
  [material, binding],
  (t, key, bound) => {
    const sealed = sealMaskedObject(engine, maskingKey, bound, nonce, key)
    const closed = (other: Partial<typeof bound>, under = maskingKey) =>
      t.is(openMaskedObject(engine, under, { ...bound, ...other }, sealed), undefined)
    closed({ handle: bound.handle + 1 })
    closed({ generation: bound.generation + 1 })
    closed({ attributes: Uint8Array.from([...bound.attributes, 0]) })
    closed({}, { ...maskingKey, id: 'mk-2' })
    closed({}, { ...maskingKey, key: new Uint8Array(32).fill(5) })
  },
)

testProp(
  'altered or random bytes do not open',
  [binding, fc.uint8Array({ maxLength: 80, size: 'max' })],
  (t, bound, garbage) => {
    t.is(openMaskedObject(engine, maskingKey, bound, garbage), undefined)
  },
)

testProp('the key does not stand in it', [binding], (t, bound) => {
  const value = Uint8Array.from({ length: 32 }, (_, i) => 200 + (i % 50))
  const sealed = sealMaskedObject(engine, maskingKey, bound, nonce, { _tag: 'secret', keyType: 'CKK_AES', value })
  t.false(Buffer.from(sealed).includes(Buffer.from(value.subarray(0, 8))))
})
