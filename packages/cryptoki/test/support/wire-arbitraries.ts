import { fc } from '@fast-check/ava'
import { utf8Text } from '@hsmlab/event-sourcing'
import { CKA, CKM, NO_PARAMETER } from '@hsmlab/pkcs11'
import {
  type Attribute,
  type AttributeReading,
  type AttributeRoom,
  lengthOf,
  UNAVAILABLE,
} from '../../src/attribute.ts'
import type { CallMechanism } from '../../src/call-mechanism.ts'
import { formOf } from '../../src/p11-kit/attribute-forms.ts'
import { type Dialect, DIALECTS } from '../../src/p11-kit/dialect.ts'

export const dialect: fc.Arbitrary<Dialect> = fc.constantFrom(...DIALECTS[0])

const bytes = fc.uint8Array({ maxLength: 40 })
const ulong = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constant(UNAVAILABLE))

const attributeType = fc.oneof(
  fc.constantFrom(...Object.values(CKA)),
  fc.integer({ min: 0x8000_0000, max: 0xffff_ffff }),
)

const attribute = (spoken: Dialect, depth: number): fc.Arbitrary<Attribute> =>
  attributeType.chain((type): fc.Arbitrary<Attribute> => {
    switch (formOf(type, spoken)) {
      case 'byte':
        return fc.boolean().map((value) => ({ type, value }))
      case 'ulong':
        return ulong.map((value) => ({ type, value }))
      case 'bytes':
        return bytes.map((value) => ({ type, value }))
      case 'mechanisms':
        return fc.array(ulong, { maxLength: 4 }).map((types) => ({ type, value: { _tag: 'mechanisms', types } }))
      case 'template':
        return template(spoken, depth + 1).map((attributes) => ({ type, value: { _tag: 'template', attributes } }))
    }
  })

/** Templates inside templates, as deep as the wire goes. */
export const template = (spoken: Dialect, depth = 1): fc.Arbitrary<ReadonlyArray<Attribute>> =>
  depth >= 8 ? fc.constant([]) : fc.array(attribute(spoken, depth), { maxLength: depth === 1 ? 6 : 2 })

const room = fc.option(fc.integer({ min: 1, max: 0xffff_fffe }), { nil: undefined })

const rooms = (spoken: Dialect, depth = 1): fc.Arbitrary<ReadonlyArray<AttributeRoom>> =>
  fc.array(
    fc.tuple(attributeType, room).chain(([type, size]): fc.Arbitrary<AttributeRoom> => {
      const isNested = spoken.nestedRooms && size !== undefined && formOf(type, spoken) === 'template'
      if (!isNested) return fc.constant({ type, room: size })
      const nested = depth >= 8 ? fc.constant([]) : rooms(spoken, depth + 1)
      return nested.map((inner) => ({ type, room: size, nested: inner }))
    }),
    { maxLength: 3 },
  )

/** Readings with a value, or without a length; a length alone reads back as whatever stands for null. */
export const readings = (spoken: Dialect): fc.Arbitrary<ReadonlyArray<AttributeReading>> =>
  fc.array(
    fc.oneof(
      attribute(spoken, 1).map(({ type, value }) => ({ type, length: lengthOf(value), value })),
      attributeType.map((type) => ({ type, length: undefined, value: undefined })),
    ),
    { maxLength: 6 },
  )

const pss = fc.record({ _tag: fc.constant('pss' as const), hash: ulong, mgf: ulong, saltLength: ulong })
const iv = fc.record({ _tag: fc.constant('iv' as const), iv: bytes })
const ctr = fc.record({ _tag: fc.constant('ctr' as const), counterBits: ulong, counterBlock: bytes })
const gcm = fc.record({ _tag: fc.constant('gcm' as const), iv: bytes, aad: bytes, tagBits: ulong })
const oaep = fc.record({
  _tag: fc.constant('oaep' as const),
  hash: ulong,
  mgf: ulong,
  source: ulong,
  sourceData: bytes,
})
const other = (...fields: ReadonlyArray<fc.Arbitrary<number> | fc.Arbitrary<Uint8Array>>) =>
  fc.tuple(...fields).map((values) => ({ _tag: 'other' as const, fields: values }))

const parameterised: fc.Arbitrary<CallMechanism> = fc.oneof(
  fc.record({ type: fc.constantFrom(CKM.CKM_RSA_PKCS_PSS, CKM.CKM_SHA256_RSA_PKCS_PSS), parameter: pss }),
  fc.record({ type: fc.constant(CKM.CKM_RSA_PKCS_OAEP), parameter: oaep }),
  fc.record({ type: fc.constantFrom(CKM.CKM_AES_CBC, CKM.CKM_AES_CBC_PAD, CKM.CKM_DES3_CBC), parameter: iv }),
  fc.record({ type: fc.constant(CKM.CKM_AES_CTR), parameter: ctr }),
  fc.record({ type: fc.constant(CKM.CKM_AES_GCM), parameter: gcm }),
  fc.record({ type: fc.constant(CKM.CKM_ECDH1_DERIVE), parameter: other(ulong, bytes, bytes) }),
  fc.record({ type: fc.constant(CKM.CKM_DH_PKCS_DERIVE), parameter: other(bytes) }),
  fc.record({ type: fc.constant(CKM.CKM_SHA256_HMAC_GENERAL), parameter: other(ulong) }),
)

const plain = fc
  .constantFrom(CKM.CKM_ECDSA, CKM.CKM_RSA_PKCS, CKM.CKM_AES_KEY_GEN, CKM.CKM_SHA256_HMAC)
  .map((type): CallMechanism => ({ type, parameter: NO_PARAMETER }))

const withoutParameter = fc
  .constantFrom(CKM.CKM_RSA_PKCS_PSS, CKM.CKM_AES_GCM)
  .map((type): CallMechanism => ({ type, parameter: NO_PARAMETER }))

export const mechanism = ({ flaggedParameters }: Dialect): fc.Arbitrary<CallMechanism | undefined> =>
  flaggedParameters
    ? fc.oneof(plain, parameterised, withoutParameter, fc.constant(undefined))
    : fc.oneof(plain, parameterised, fc.constant(undefined))

const fixedText = fc.stringMatching(/^[a-z]{0,32}$/)

const byLetter = (spoken: Dialect): ReadonlyMap<string, fc.Arbitrary<unknown>> =>
  new Map<string, fc.Arbitrary<unknown>>([
    ['y', fc.integer({ min: 0, max: 255 })],
    ['u', ulong],
    ['z', bytes],
    ['s', fixedText],
    ['ay', bytes],
    ['fy', room],
    ['fu', room],
    ['aA', template(spoken)],
    ['fA', rooms(spoken)],
    ['M', mechanism(spoken)],
  ])

const LETTERS = new Map(DIALECTS[0].map((spoken) => [spoken, byLetter(spoken)]))

/** The values of a signature text: `uMayfy` is a number, a mechanism, bytes and a room. */
export const values = (text: Uint8Array, spoken: Dialect): fc.Arbitrary<ReadonlyArray<unknown>> => {
  const letters = (utf8Text(text) ?? '').match(/f[yuA]|a[yuA]|[yuvszMP]/g) ?? []
  return fc.tuple(...letters.map((letter) => LETTERS.get(spoken)?.get(letter) ?? fc.constant(undefined)))
}
