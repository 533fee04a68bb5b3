import { equalBytes } from './bytes.ts'
import type { Primitives } from './engine.ts'

/**
 * PBKDF2 rounds by default. A login runs on every HSM of the cluster; this keeps three of them within 30 ms where they
 * share one machine (see the README for the measurement). A cluster setting.
 */
export const PASSWORD_ITERATIONS_DEFAULT = 30_000
/** Above it a login would hold up an HSM for seconds: no verifier from outside gets that. */
export const PASSWORD_ITERATIONS_MAX = 10_000_000
export const PASSWORD_SALT_BYTES = 16
const HASH_BYTES = 32

/** What an HSM keeps of a password; a secret all the same, since it can be guessed against. */
export type PasswordVerifier = Readonly<{ iterations: number; salt: Uint8Array; hash: Uint8Array }>

/** PBKDF2 with HMAC-SHA-256 (SP 800-132) of a password; `salt` 16 random bytes. */
export const passwordVerifier = async (
  primitives: Primitives,
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): Promise<PasswordVerifier> => ({
  iterations,
  salt,
  hash: await primitives.pbkdf2Sha256(password, salt, iterations, HASH_BYTES),
})

/** Whether it is that password. Takes as long for a wrong one as for the right one. */
export const isPassword = async (
  primitives: Primitives,
  verifier: PasswordVerifier,
  password: Uint8Array,
): Promise<boolean> => {
  const { salt, iterations, hash } = verifier
  if (iterations < 1 || iterations > PASSWORD_ITERATIONS_MAX) return false
  return equalBytes(hash, await primitives.pbkdf2Sha256(password, salt, iterations, hash.length))
}

/** A verifier that no password fulfils: checking it makes an unknown user cost what a known one costs. */
export const noOnesVerifier = (iterations: number): PasswordVerifier => ({
  iterations,
  salt: new Uint8Array(PASSWORD_SALT_BYTES),
  hash: new Uint8Array(HASH_BYTES),
})
