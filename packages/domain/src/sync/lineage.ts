import type { Primitives } from '@hsmlab/crypto'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import type { Hmac } from './entry.ts'

type KeyDerivation = Pick<Primitives, 'hkdfSha256' | 'hmacSha256'>

/** A cluster and its clones: who shares a masking key. `hmac` makes and checks the MACs of records and tombstones. */
export type Lineage = Readonly<{ maskingKeyId: string; hmac: Hmac }>

const hmacUnder = (maskingKey: Uint8Array, info: string, primitives: KeyDerivation): Hmac => {
  const key = primitives.hkdfSha256(maskingKey, new Uint8Array(0), utf8Bytes(info), 32)
  return (message) => primitives.hmacSha256(key, message)
}

/** The masking key itself seals; MACs are made under keys derived from it (RFC 5869), one per purpose. */
export const lineage = (maskingKeyId: string, maskingKey: Uint8Array, primitives: KeyDerivation): Lineage => ({
  maskingKeyId,
  hmac: hmacUnder(maskingKey, 'hsmlab key entries 1', primitives),
})

/** The HMAC of the messages that HSMs of one lineage exchange. */
export const peerHmac = (maskingKey: Uint8Array, primitives: KeyDerivation): Hmac =>
  hmacUnder(maskingKey, 'hsmlab peers 1', primitives)
