import { CKM, type CkmName, type MechanismParameter } from '@hsmlab/pkcs11'
import type { OpenKey } from './engine.ts'
import { HASH_NAMES, type HashName } from './hashes.ts'

export type KeyTypeName = OpenKey['keyType']
export type MechanismFunction = 'sign' | 'verify' | 'encrypt' | 'decrypt' | 'digest' | 'generate' | 'generate-pair'

/** The way of computing behind a mechanism; several mechanisms share one. */
export type Algorithm =
  | 'ecdsa'
  | 'rsa-pkcs1'
  | 'rsa-pss'
  | 'rsa-oaep'
  | 'aes-ecb'
  | 'aes-cbc'
  | 'aes-cbc-pad'
  | 'aes-ctr'
  | 'aes-gcm'
  | 'hmac'
  | 'digest'
  | 'key-generation'

/** Key sizes as C_GetMechanismInfo reports them: bits, or bytes for AES (PKCS#11 v3.1 §6.10). */
export type KeySizes = Readonly<{ min: number; max: number; step: number; unit: 'bits' | 'bytes' }>

export type MechanismFacts = Readonly<{
  name: CkmName
  type: number
  algorithm: Algorithm
  /** Undefined: needs no key. */
  keyType: KeyTypeName | undefined
  sizes: KeySizes
  functions: ReadonlyArray<MechanismFunction>
  /** Functions that a cluster in FIPS mode refuses. */
  refusedInFips: ReadonlyArray<MechanismFunction>
  /** The hash that the mechanism applies to its message; undefined: the message is taken as it is. */
  hash: HashName | undefined
  parameter: MechanismParameter['_tag']
  parts: 'single' | 'multi'
  /** Bytes of data that one call may carry; undefined: CloudHSM documents no limit. */
  limitBytes: number | undefined
  /** `client`: CloudHSM's library computes it in software. */
  place: 'hsm' | 'client'
}>

const NO_KEY: KeySizes = { min: 0, max: 0, step: 1, unit: 'bits' }
const RSA: KeySizes = { min: 2048, max: 4096, step: 256, unit: 'bits' }
const EC: KeySizes = { min: 224, max: 521, step: 1, unit: 'bits' }
const AES: KeySizes = { min: 16, max: 32, step: 8, unit: 'bytes' }
const GENERIC: KeySizes = { min: 8, max: 6400, step: 8, unit: 'bits' }

const SIGNING: ReadonlyArray<MechanismFunction> = ['sign', 'verify']
const ENCRYPTING: ReadonlyArray<MechanismFunction> = ['encrypt', 'decrypt']

type Row = Pick<MechanismFacts, 'algorithm' | 'keyType' | 'sizes' | 'functions'> & Partial<MechanismFacts>

const row = (name: CkmName, facts: Row): MechanismFacts => ({
  name,
  type: CKM[name],
  refusedInFips: [],
  hash: undefined,
  parameter: 'none',
  parts: 'multi',
  limitBytes: undefined,
  place: 'hsm',
  ...facts,
})

const ecdsa = { algorithm: 'ecdsa', keyType: 'CKK_EC', sizes: EC, functions: SIGNING } as const
const pkcs1 = { algorithm: 'rsa-pkcs1', keyType: 'CKK_RSA', sizes: RSA, functions: SIGNING } as const
const pss = { algorithm: 'rsa-pss', keyType: 'CKK_RSA', sizes: RSA, functions: SIGNING, parameter: 'pss' } as const
const oaep = {
  algorithm: 'rsa-oaep',
  keyType: 'CKK_RSA',
  sizes: RSA,
  functions: ENCRYPTING,
  parameter: 'oaep',
} as const
const aes = { keyType: 'CKK_AES', sizes: AES, functions: ENCRYPTING } as const
const generation = { algorithm: 'key-generation', place: 'hsm' } as const

/** The names that a hash has inside those of mechanisms. */
const SPELLING: Readonly<
  Record<
    HashName,
    Readonly<{ digest: CkmName; hmac: CkmName; ecdsa: CkmName; pkcs1: CkmName; pss: CkmName; hmacLimitBytes: number }>
  >
> = {
  'SHA-1': {
    digest: 'CKM_SHA_1',
    hmac: 'CKM_SHA_1_HMAC',
    ecdsa: 'CKM_ECDSA_SHA1',
    pkcs1: 'CKM_SHA1_RSA_PKCS',
    pss: 'CKM_SHA1_RSA_PKCS_PSS',
    hmacLimitBytes: 16_288,
  },
  'SHA-224': {
    digest: 'CKM_SHA224',
    hmac: 'CKM_SHA224_HMAC',
    ecdsa: 'CKM_ECDSA_SHA224',
    pkcs1: 'CKM_SHA224_RSA_PKCS',
    pss: 'CKM_SHA224_RSA_PKCS_PSS',
    hmacLimitBytes: 16_256,
  },
  'SHA-256': {
    digest: 'CKM_SHA256',
    hmac: 'CKM_SHA256_HMAC',
    ecdsa: 'CKM_ECDSA_SHA256',
    pkcs1: 'CKM_SHA256_RSA_PKCS',
    pss: 'CKM_SHA256_RSA_PKCS_PSS',
    hmacLimitBytes: 16_288,
  },
  'SHA-384': {
    digest: 'CKM_SHA384',
    hmac: 'CKM_SHA384_HMAC',
    ecdsa: 'CKM_ECDSA_SHA384',
    pkcs1: 'CKM_SHA384_RSA_PKCS',
    pss: 'CKM_SHA384_RSA_PKCS_PSS',
    hmacLimitBytes: 16_224,
  },
  'SHA-512': {
    digest: 'CKM_SHA512',
    hmac: 'CKM_SHA512_HMAC',
    ecdsa: 'CKM_ECDSA_SHA512',
    pkcs1: 'CKM_SHA512_RSA_PKCS',
    pss: 'CKM_SHA512_RSA_PKCS_PSS',
    hmacLimitBytes: 16_224,
  },
}

const hashed = (hash: HashName): ReadonlyArray<MechanismFacts> => {
  const spelling = SPELLING[hash]
  return [
    row(spelling.ecdsa, { ...ecdsa, hash }),
    row(spelling.pkcs1, { ...pkcs1, hash }),
    row(spelling.pss, { ...pss, hash }),
    row(spelling.hmac, {
      algorithm: 'hmac',
      keyType: 'CKK_GENERIC_SECRET',
      sizes: GENERIC,
      functions: SIGNING,
      hash,
      limitBytes: spelling.hmacLimitBytes,
    }),
    row(spelling.digest, {
      algorithm: 'digest',
      keyType: undefined,
      sizes: NO_KEY,
      functions: ['digest'],
      hash,
      place: 'client',
    }),
  ]
}

/**
 * Every mechanism that the HSM knows, as data (*Supported mechanisms for the PKCS #11 library*, its footnotes for
 * sizes, limits and the FIPS deprecations of 2024).
 */
export const MECHANISMS: ReadonlyArray<MechanismFacts> = [
  row('CKM_RSA_PKCS_KEY_PAIR_GEN', { ...generation, keyType: 'CKK_RSA', sizes: RSA, functions: ['generate-pair'] }),
  row('CKM_RSA_X9_31_KEY_PAIR_GEN', { ...generation, keyType: 'CKK_RSA', sizes: RSA, functions: ['generate-pair'] }),
  row('CKM_EC_KEY_PAIR_GEN', { ...generation, keyType: 'CKK_EC', sizes: EC, functions: ['generate-pair'] }),
  row('CKM_AES_KEY_GEN', { ...generation, keyType: 'CKK_AES', sizes: AES, functions: ['generate'] }),
  row('CKM_GENERIC_SECRET_KEY_GEN', {
    ...generation,
    keyType: 'CKK_GENERIC_SECRET',
    sizes: GENERIC,
    functions: ['generate'],
  }),
  row('CKM_RSA_PKCS', {
    ...pkcs1,
    functions: [...SIGNING, ...ENCRYPTING],
    refusedInFips: ENCRYPTING,
    parts: 'single',
  }),
  row('CKM_RSA_PKCS_PSS', { ...pss, parts: 'single' }),
  row('CKM_RSA_PKCS_OAEP', { ...oaep, parts: 'single' }),
  row('CKM_ECDSA', { ...ecdsa, parts: 'single' }),
  row('CKM_AES_ECB', { ...aes, algorithm: 'aes-ecb' }),
  row('CKM_AES_CBC', { ...aes, algorithm: 'aes-cbc', parameter: 'iv', limitBytes: 16_272 }),
  row('CKM_AES_CBC_PAD', { ...aes, algorithm: 'aes-cbc-pad', parameter: 'iv' }),
  row('CKM_AES_CTR', { ...aes, algorithm: 'aes-ctr', parameter: 'ctr' }),
  row('CKM_AES_GCM', { ...aes, algorithm: 'aes-gcm', parameter: 'gcm', parts: 'single', limitBytes: 16_224 }),
  ...HASH_NAMES.flatMap(hashed),
]

const BY_TYPE: ReadonlyMap<number, MechanismFacts> = new Map(MECHANISMS.map((facts) => [facts.type, facts]))

/** The row of a `CKM_` value; `undefined` for a mechanism that the HSM does not know. */
export const mechanismFacts = (type: number): MechanismFacts | undefined => BY_TYPE.get(type)
