import * as E from 'fp-ts/lib/Either.js'
import { bytesToNumber, numberToBytes } from '../bytes.ts'
import { rsaParts } from '../der/rsa-keys.ts'
import type { CryptoResult } from '../engine.ts'
import { modularPower } from '../modular.ts'
import type { RsaPrivateKey, RsaPublicKey } from '../processor/backend.ts'
import { failed } from '../processor/results.ts'

/** A block below the modulus as a number; RFC 8017 §5.1.1 and §5.1.2, step 1. */
const withBlock = (block: Uint8Array, modulus: bigint, compute: (value: bigint) => bigint): CryptoResult => {
  const value = bytesToNumber(block)
  return value < modulus ? E.right(numberToBytes(compute(value), block.length)) : failed('CKR_DATA_INVALID')
}

/** RSADP and RSASP1 by the Chinese remainder theorem, its result proven with the public exponent. */
export const nobleRsaPrivateKey = (pkcs8: Uint8Array): RsaPrivateKey | undefined => {
  const parts = rsaParts(pkcs8)
  if (parts === undefined) return undefined
  const n = bytesToNumber(parts.modulus)
  const e = bytesToNumber(parts.publicExponent)
  const p = bytesToNumber(parts.prime1)
  const q = bytesToNumber(parts.prime2)
  const dp = bytesToNumber(parts.exponent1)
  const dq = bytesToNumber(parts.exponent2)
  const inverse = bytesToNumber(parts.coefficient)
  if (p * q !== n || (inverse * q) % p !== 1n) return undefined

  const raise = (value: bigint): bigint => {
    const atP = modularPower(value, dp, p)
    const atQ = modularPower(value, dq, q)
    const difference = (((atP - atQ) % p) + p) % p
    return atQ + ((inverse * difference) % p) * q
  }
  return {
    privateOperation: (block) => {
      const result = withBlock(block, n, raise)
      if (E.isLeft(result)) return result
      return modularPower(bytesToNumber(result.right), e, n) === bytesToNumber(block)
        ? result
        : failed('CKR_DEVICE_ERROR')
    },
    close: () => {},
  }
}

export const nobleRsaPublicKey = (modulus: Uint8Array, publicExponent: Uint8Array): RsaPublicKey => {
  const n = bytesToNumber(modulus)
  const e = bytesToNumber(publicExponent)
  return { publicOperation: (block) => withBlock(block, n, (value) => modularPower(value, e, n)) }
}
