import * as E from 'fp-ts/lib/Either.js'
import type { MechanismParameter } from '@hsmlab/pkcs11'
import { bytesToNumber, numberToBytes } from '../bytes.ts'
import { choose, isBelow, isZero } from '../constant-time.ts'
import type { CryptoResult } from '../engine.ts'
import type { MechanismFacts } from '../mechanisms.ts'
import type { AesKey, Direction } from './backend.ts'
import { failed } from './results.ts'

const BLOCK = 16
/** SP 800-38D §5.2.1.2, in bits: 96 to 128, and 64 and 32 for applications that ask for them. */
const TAG_BITS: ReadonlySet<number> = new Set([32, 64, 96, 104, 112, 120, 128])
/** Bytes of a GCM IV: 8 is the least that both engines take, 256 the most that PKCS#11 v3.1 §6.13.3 allows. */
const GCM_IV_MIN = 8
const GCM_IV_MAX = 256

const PARAMETER_INVALID = failed('CKR_MECHANISM_PARAM_INVALID')
const lengthRange = (direction: Direction): CryptoResult =>
  failed(direction === 'encrypt' ? 'CKR_DATA_LEN_RANGE' : 'CKR_ENCRYPTED_DATA_LEN_RANGE')

const isWholeBlocks = (bytes: Uint8Array): boolean => bytes.length % BLOCK === 0

const ecb = (key: AesKey, direction: Direction, parameter: MechanismParameter, input: Uint8Array): CryptoResult => {
  if (parameter._tag !== 'none') return PARAMETER_INVALID
  return isWholeBlocks(input) ? E.right(key.ecb(direction, input)) : lengthRange(direction)
}

const cbc = (key: AesKey, direction: Direction, parameter: MechanismParameter, input: Uint8Array): CryptoResult => {
  if (parameter._tag !== 'iv' || parameter.iv.length !== BLOCK) return PARAMETER_INVALID
  return isWholeBlocks(input) ? E.right(key.cbc(direction, parameter.iv, input)) : lengthRange(direction)
}

/** PKCS#7 padding to the next whole block. */
const padded = (plaintext: Uint8Array): Uint8Array => {
  const length = BLOCK - (plaintext.length % BLOCK)
  const block = new Uint8Array(plaintext.length + length).fill(length, plaintext.length)
  block.set(plaintext)
  return block
}

/** Looks at the whole last block, whatever the padding says (Vaudenay's attack asks how far it got). */
const unpadded = (plaintext: Uint8Array): Uint8Array | undefined => {
  const length = plaintext.at(-1) ?? 0
  let wrong = isZero(length) | isBelow(BLOCK, length)
  for (let i = 1; i <= BLOCK; i++) {
    const byte = plaintext[plaintext.length - i] ?? 0
    wrong |= choose(isBelow(length, i), 0, byte ^ length)
  }
  return wrong === 0 ? plaintext.slice(0, plaintext.length - length) : undefined
}

const cbcPad = (key: AesKey, direction: Direction, parameter: MechanismParameter, input: Uint8Array): CryptoResult => {
  if (direction === 'encrypt') return cbc(key, direction, parameter, padded(input))
  if (input.length === 0) return lengthRange(direction)
  const decrypted = cbc(key, direction, parameter, input)
  if (E.isLeft(decrypted)) return decrypted
  const plaintext = unpadded(decrypted.right)
  decrypted.right.fill(0)
  return plaintext === undefined ? failed('CKR_ENCRYPTED_DATA_INVALID') : E.right(plaintext)
}

/**
 * The counter is the last `counterBits` of the block and wraps inside them (PKCS#11 v3.1 §6.10.12); more blocks than
 * it can count would repeat the key stream.
 */
const ctr = (key: AesKey, direction: Direction, parameter: MechanismParameter, input: Uint8Array): CryptoResult => {
  if (parameter._tag !== 'ctr' || parameter.counterBlock.length !== BLOCK) return PARAMETER_INVALID
  const { counterBits, counterBlock } = parameter
  if (!Number.isInteger(counterBits) || counterBits < 1 || counterBits > 128) return PARAMETER_INVALID
  const period = 1n << BigInt(counterBits)
  const blocks = BigInt(Math.ceil(input.length / BLOCK))
  if (blocks > period) return lengthRange(direction)

  const start = bytesToNumber(counterBlock)
  const untilWrap = period - (start % period)
  if (blocks <= untilWrap) return E.right(key.ctr(counterBlock, input))
  const split = Number(untilWrap) * BLOCK
  const output = new Uint8Array(input.length)
  output.set(key.ctr(counterBlock, input.subarray(0, split)))
  output.set(key.ctr(numberToBytes(start - (start % period), BLOCK), input.subarray(split)), split)
  return E.right(output)
}

const gcm = (
  key: AesKey,
  direction: Direction,
  parameter: MechanismParameter,
  input: Uint8Array,
  limitBytes: number,
): CryptoResult => {
  if (parameter._tag !== 'gcm' || !TAG_BITS.has(parameter.tagBits)) return PARAMETER_INVALID
  const { iv, aad } = parameter
  if (iv.length < GCM_IV_MIN || iv.length > GCM_IV_MAX) return PARAMETER_INVALID
  const tagBytes = parameter.tagBits / 8
  const plaintextBytes = direction === 'encrypt' ? input.length : input.length - tagBytes
  if (plaintextBytes < 0 || plaintextBytes > limitBytes) return lengthRange(direction)
  if (direction === 'encrypt') return E.right(key.gcmSeal(iv, aad, tagBytes, input))
  const plaintext = key.gcmOpen(iv, aad, tagBytes, input)
  return plaintext === undefined ? failed('CKR_ENCRYPTED_DATA_INVALID') : E.right(plaintext)
}

/** CKM_AES_ECB, CBC, CBC_PAD, CTR and GCM (PKCS#11 v3.1 §6.10 to §6.13), one-part. */
export const cipherAes = (
  key: AesKey,
  facts: MechanismFacts,
  direction: Direction,
  parameter: MechanismParameter,
  input: Uint8Array,
): CryptoResult => {
  const limitBytes = facts.limitBytes ?? Number.MAX_SAFE_INTEGER
  if (facts.algorithm === 'aes-gcm') return gcm(key, direction, parameter, input, limitBytes)
  if (input.length > limitBytes) return lengthRange(direction)
  switch (facts.algorithm) {
    case 'aes-ecb':
      return ecb(key, direction, parameter, input)
    case 'aes-cbc':
      return cbc(key, direction, parameter, input)
    case 'aes-cbc-pad':
      return cbcPad(key, direction, parameter, input)
    case 'aes-ctr':
      return ctr(key, direction, parameter, input)
    default:
      return failed('CKR_MECHANISM_INVALID')
  }
}
