import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  generatePrime,
  publicEncrypt,
} from 'node:crypto'
import { promisify } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import {
  bytesToNumber,
  type CryptoBackend,
  type CryptoResult,
  failed,
  modularPower,
  numberToBytes,
  rsaKeyFromPrimes,
  type RsaKeyPair,
  rsaParts,
  rsaSpki,
} from '@hsmlab/crypto'
import { plain, unlessRefused } from './bytes.ts'
import type { Crew } from './crew.ts'

/** node:crypto's key generation takes exponents of 32 bits. */
const GENERATED_EXPONENT_MAX = 0xffff_ffffn
/** OpenSSL refuses public operations with longer exponents under a modulus of more than 3072 bits. */
const USED_EXPONENT_BYTES_MAX = 8

const generateKeyPairAsync = promisify(generateKeyPair)
/** Its two highest bits are set, so that two of them make a modulus of all bits. */
const generatePrimeAsync = (bits: number): Promise<bigint> =>
  new Promise((resolve, reject) => {
    generatePrime(bits, { bigint: true }, (error, prime) => (error ? reject(error) : resolve(prime)))
  })

const generateUsual = async (modulusLength: number, publicExponent: number): Promise<RsaKeyPair> => {
  const { privateKey } = await generateKeyPairAsync('rsa', { modulusLength, publicExponent })
  const pkcs8 = Uint8Array.from(privateKey.export({ format: 'der', type: 'pkcs8' }))
  const parts = rsaParts(pkcs8)
  if (parts === undefined) throw new Error('invariant broken: OpenSSL makes RSA keys of two primes')
  return { pkcs8, modulus: Uint8Array.from(parts.modulus), publicExponent: Uint8Array.from(parts.publicExponent) }
}

const generateUnusual = async (modulusBits: number, publicExponent: bigint): Promise<RsaKeyPair> => {
  const [p, q] = await Promise.all([generatePrimeAsync(modulusBits / 2), generatePrimeAsync(modulusBits / 2)])
  return rsaKeyFromPrimes(p, q, publicExponent) ?? generateUnusual(modulusBits, publicExponent)
}

/** On Node's thread pool: 2048 bits take a tenth of a second, 4096 about one. */
const generateRsa: CryptoBackend['generateRsa'] = (modulusBits, publicExponent) => {
  const exponent = bytesToNumber(publicExponent)
  return exponent <= GENERATED_EXPONENT_MAX
    ? generateUsual(modulusBits, Number(exponent))
    : generateUnusual(modulusBits, exponent)
}

const longExponentPower = (modulus: Uint8Array, publicExponent: Uint8Array, block: Uint8Array): CryptoResult => {
  const n = bytesToNumber(modulus)
  const value = bytesToNumber(block)
  if (value >= n) return failed('CKR_DATA_INVALID')
  return E.right(numberToBytes(modularPower(value, bytesToNumber(publicExponent), n), modulus.length))
}

const openRsaPublic: CryptoBackend['openRsaPublic'] = (modulus, publicExponent) => {
  if (publicExponent.length > USED_EXPONENT_BYTES_MAX) {
    const [n, e] = [Uint8Array.from(modulus), Uint8Array.from(publicExponent)]
    return { publicOperation: (block) => longExponentPower(n, e, block) }
  }
  const spki = Buffer.from(rsaSpki(modulus, publicExponent))
  const key = unlessRefused(() => createPublicKey({ key: spki, format: 'der', type: 'spki' }))
  return (
    key && {
      publicOperation: (block) => {
        const padding = constants.RSA_NO_PADDING
        const result = unlessRefused(() => plain(publicEncrypt({ key, padding }, block)))
        return result === undefined ? failed('CKR_DATA_INVALID') : E.right(result)
      },
    }
  )
}

const openRsaPrivate =
  (crew: Crew): CryptoBackend['openRsaPrivate'] =>
  (pkcs8) => {
    const key = unlessRefused(() => createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' }))
    if (key?.asymmetricKeyType !== 'rsa') return undefined
    return { privateOperation: (block) => crew.run({ _tag: 'rsa-private', key, block }), close: () => {} }
  }

export const opensslRsa = (crew: Crew): Pick<CryptoBackend, 'generateRsa' | 'openRsaPrivate' | 'openRsaPublic'> => ({
  generateRsa,
  openRsaPrivate: openRsaPrivate(crew),
  openRsaPublic,
})
