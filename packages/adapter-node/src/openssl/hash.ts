import { createHash, hash } from 'node:crypto'
import type { HashName, RunningHash } from '@hsmlab/crypto'
import { plain } from './bytes.ts'

/** OpenSSL's names. */
export const OPENSSL_HASH: Readonly<Record<HashName, string>> = {
  'SHA-1': 'sha1',
  'SHA-224': 'sha224',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
}

/** In one call: half the cost of a Hash object for the short messages of the log and the channel. */
export const opensslHash = (name: HashName, message: Uint8Array): Uint8Array =>
  plain(hash(OPENSSL_HASH[name], message, 'buffer'))

export const opensslStartHash = (name: HashName): RunningHash => {
  const running = createHash(OPENSSL_HASH[name])
  return { update: (part) => void running.update(part), digest: () => plain(running.digest()) }
}
