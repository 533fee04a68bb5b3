import { sha1 } from '@noble/hashes/legacy.js'
import { sha224, sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import type { HashName } from '@hsmlab/crypto'

/** A hash that takes its message in parts, in the client's software: there is no limit to the message. */
export interface RunningHash {
  readonly update: (part: Uint8Array) => void
  readonly digest: () => Uint8Array
}

const HASHERS = { 'SHA-1': sha1, 'SHA-224': sha224, 'SHA-256': sha256, 'SHA-384': sha384, 'SHA-512': sha512 } as const

export const runningHash = (name: HashName): RunningHash => {
  const hash = HASHERS[name].create()
  return { update: (part) => void hash.update(part), digest: () => hash.digest() }
}
