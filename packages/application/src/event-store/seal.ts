import type { Primitives } from '@hsmlab/crypto'
import { invariant } from '@hsmlab/event-sourcing'

/** The one primitive a log is made of. */
export type HasSha256 = Readonly<{ primitives: Pick<Primitives, 'sha256'> }>

export const HASH_BYTES = 32
const BLOCK_BYTES = 64

/**
 * The first byte of everything that is hashed or sealed, so that none of it can stand for another: no record is ever a
 * snapshot, no head a cell.
 */
export const DOMAIN = { genesis: 0, record: 1, snapshot: 2, head: 3, cell: 4 } as const

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** HMAC-SHA-256 of a hash. */
export type Mac = (hash: Uint8Array) => Uint8Array

/**
 * HMAC-SHA-256 (RFC 2104) of 32-byte hashes under one key, the padded keys laid out once: two one-shot hashes a record
 * are half the price of an HMAC object.
 */
export const macUnder = ({ primitives }: HasSha256, macKey: Uint8Array): Mac => {
  invariant(macKey.length === HASH_BYTES, 'a MAC key has 32 bytes')
  const inner = new Uint8Array(BLOCK_BYTES + HASH_BYTES).fill(0x36, 0, BLOCK_BYTES)
  const outer = new Uint8Array(BLOCK_BYTES + HASH_BYTES).fill(0x5c, 0, BLOCK_BYTES)
  macKey.forEach((byte, i) => {
    inner[i] = byte ^ 0x36
    outer[i] = byte ^ 0x5c
  })
  return (hash) => {
    inner.set(hash, BLOCK_BYTES)
    outer.set(primitives.sha256(inner), BLOCK_BYTES)
    return primitives.sha256(outer)
  }
}

/** What seals small documents: MAC(32) ‖ body, where the body begins with its domain byte. */
export type Seal = Readonly<{
  seal: (body: Uint8Array) => Uint8Array
  /** The body, or why it is none: not of this domain and shape, or not sealed under this key. */
  open: (sealed: Uint8Array, domain: number, bodyBytesMin: number) => Uint8Array | 'malformed' | 'mac'
}>

export const sealUnder = (env: HasSha256, macKey: Uint8Array): Seal => {
  const mac = macUnder(env, macKey)
  const tagOf = (body: Uint8Array): Uint8Array => mac(env.primitives.sha256(body))
  return {
    seal: (body) => {
      const sealed = new Uint8Array(HASH_BYTES + body.length)
      sealed.set(tagOf(body))
      sealed.set(body, HASH_BYTES)
      return sealed
    },
    open: (sealed, domain, bodyBytesMin) => {
      const body = sealed.subarray(HASH_BYTES)
      if (body.length < bodyBytesMin || body[0] !== domain) return 'malformed'
      return sameBytes(tagOf(body), sealed.subarray(0, HASH_BYTES)) ? body : 'mac'
    },
  }
}
