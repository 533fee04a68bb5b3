import { concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { HASHES, type HashName } from '../hashes.ts'

/** The DER DigestInfo that PKCS#1 v1.5 signs (RFC 8017 §9.2); `digest` as long as the hash says. */
export const digestInfo = (hash: HashName, digest: Uint8Array): Uint8Array =>
  concatBytes(hexToBytes(HASHES[hash].digestInfo), digest)
