import { constants, type KeyObject, privateDecrypt, sign, verify } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { type CryptoResult, type CurveName, failed, SIGNATURE_INVALID, verdict } from '@hsmlab/crypto'
import { plain } from './bytes.ts'
import { ecdsaSignDigest } from './ecdsa-sign.ts'
import { ecdsaVerifyDigest } from './ecdsa-verify.ts'

/** A computation of more than 100 µs, in a form that can go to another thread. */
export type HeavyJob =
  | Readonly<{ _tag: 'rsa-private'; key: KeyObject; block: Uint8Array }>
  | Readonly<{ _tag: 'ecdsa-sign-digest'; curve: CurveName; privateKey: bigint; digest: Uint8Array }>
  | Readonly<{ _tag: 'ecdsa-sign'; key: KeyObject; hash: string; message: Uint8Array }>
  | Readonly<{
      _tag: 'ecdsa-verify-digest'
      curve: CurveName
      point: Uint8Array
      digest: Uint8Array
      signature: Uint8Array
    }>
  | Readonly<{ _tag: 'ecdsa-verify'; key: KeyObject; hash: string; message: Uint8Array; signature: Uint8Array }>

/** What a thread says. */
export type HeavyReply = 'ready' | CryptoResult

const dsaEncoding = 'ieee-p1363'

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_OSSL_RSA_DATA_TOO_LARGE_FOR_MODULUS'

/**
 * m^d mod n. OpenSSL blinds it, and proves each result of the Chinese remainder theorem with the public exponent before
 * it lets it out: no verification of ours after signing.
 */
const rsaPrivate = (key: KeyObject, block: Uint8Array): CryptoResult => {
  try {
    return E.right(plain(privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, block)))
  } catch (error) {
    return failed(isTooLarge(error) ? 'CKR_DATA_INVALID' : 'CKR_DEVICE_ERROR')
  }
}

const ecdsaVerify = (key: KeyObject, hash: string, message: Uint8Array, signature: Uint8Array): CryptoResult => {
  try {
    return verdict(verify(hash, message, { key, dsaEncoding }, signature))
  } catch {
    return SIGNATURE_INVALID
  }
}

const compute = (job: HeavyJob): CryptoResult => {
  switch (job._tag) {
    case 'rsa-private':
      return rsaPrivate(job.key, job.block)
    case 'ecdsa-sign-digest':
      return E.right(ecdsaSignDigest(job.curve, job.privateKey, job.digest))
    case 'ecdsa-sign':
      return E.right(plain(sign(job.hash, job.message, { key: job.key, dsaEncoding })))
    case 'ecdsa-verify-digest':
      return verdict(ecdsaVerifyDigest(job.curve, job.point, job.digest, job.signature))
    case 'ecdsa-verify':
      return ecdsaVerify(job.key, job.hash, job.message, job.signature)
  }
}

/** Computes on this thread. CKR_DEVICE_ERROR when OpenSSL refuses what it should not. */
export const runHeavyJob = (job: HeavyJob): CryptoResult => {
  try {
    return compute(job)
  } catch {
    return failed('CKR_DEVICE_ERROR')
  }
}
