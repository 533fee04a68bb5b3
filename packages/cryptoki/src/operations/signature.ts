import * as E from 'fp-ts/lib/Either.js'
import { digestInfo, HASHES, type HashName, type MechanismFacts, prehashed } from '@hsmlab/crypto'
import { CKM, type Mechanism, NO_PARAMETER } from '@hsmlab/pkcs11'
import type { Answer } from '../answer.ts'
import type { KeyShape } from '../keys/key-shape.ts'
import type { HashEngine } from '../settings.ts'

/** Messages up to this many bytes go to the HSM as they are: one call, no hashing here. */
export const ONE_CALL_BYTES_MAX = 4 * 1024

/** Bytes of a signature: r and s, the modulus, the hash. */
export const signatureLength = ({ algorithm, hash }: MechanismFacts, { bytes }: KeyShape): number => {
  if (algorithm === 'ecdsa') return 2 * bytes
  return algorithm === 'hmac' && hash !== undefined ? HASHES[hash].bytes : bytes
}

/** What one call to an HSM signs or verifies. */
export type SignatureCall = Readonly<{ mechanism: Mechanism; input: Uint8Array }>

/** CKM_RSA_PKCS signs a DigestInfo; the others sign the digest itself. */
const overDigest = (mechanism: Mechanism, hash: HashName, rawType: number, digest: Uint8Array): SignatureCall => ({
  mechanism: { type: rawType, parameter: mechanism.parameter },
  input: rawType === CKM.CKM_RSA_PKCS ? digestInfo(hash, digest) : digest,
})

/** The call over a message whose digest is known: the hash part was done here. */
export const digestCall = (mechanism: Mechanism, digest: Uint8Array): SignatureCall => {
  const raw = prehashed(mechanism.type)
  return raw === undefined ? { mechanism, input: digest } : overDigest(mechanism, raw.hash, raw.type, digest)
}

/** The call over a whole message: hashed here when it is long and the mechanism hashes (as CloudHSM's library does). */
export const wholeCall = (engine: HashEngine, mechanism: Mechanism, message: Uint8Array): Answer<SignatureCall> => {
  const raw = message.length > ONE_CALL_BYTES_MAX ? prehashed(mechanism.type) : undefined
  if (raw === undefined) return E.right({ mechanism, input: message })
  const digest = engine.digest({ type: HASHES[raw.hash].mechanism, parameter: NO_PARAMETER }, message)
  return E.isLeft(digest) ? digest : E.right(overDigest(mechanism, raw.hash, raw.type, digest.right))
}
