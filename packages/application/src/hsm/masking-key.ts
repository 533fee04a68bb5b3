import { type KeyMaterial, openMaskedObject, sealMaskedObject, type CryptoEngine } from '@hsmlab/crypto'
import {
  type FixedAttributes,
  type KeyHandle,
  type KeyRecord,
  type Lineage,
  lineage,
  macHolds,
  type MutableAttributes,
  newKeyRecord,
  peerHmac,
  type Shares,
  signed,
  type Stamp,
  type Tombstone,
  type Username,
} from '@hsmlab/domain'
import { canonicalJson, fromBase64, invariant, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import type { Random } from '@hsmlab/ports'

const NONCE_SIZE = 12

/** A key as it is made, before it is sealed. */
export type UnsealedKey = Readonly<{
  handle: KeyHandle
  owner: Username
  shares: Shares
  fixed: FixedAttributes
  mutable: MutableAttributes
  material: KeyMaterial
}>

/** The masking key of the cluster at work in one HSM. */
export type MaskingKey = Readonly<{
  lineage: Lineage
  /** MACs the messages between the HSMs of the lineage. */
  peerHmac: ReturnType<typeof peerHmac>
  mask: (key: UnsealedKey) => KeyRecord
  /** `undefined`: not sealed under this key, or not this record's. */
  unmask: (record: KeyRecord) => KeyMaterial | undefined
  tombstone: (of: Readonly<{ handle: KeyHandle; generation: number; stamp: Stamp }>) => Tombstone
  /** Whether a tombstone was made in this lineage. */
  holds: (tombstone: Tombstone) => boolean
  /** The key is of no use afterwards. */
  wipe: () => void
}>

/** Keys begin with this generation; `key replicate` makes further ones. */
const FIRST_GENERATION = 1

const bindingOf = ({ handle, generation, fixed }: Pick<KeyRecord, 'handle' | 'generation' | 'fixed'>) => ({
  handle,
  generation,
  attributes: utf8Bytes(canonicalJson(fixed)),
})

export const maskingKey = (engine: CryptoEngine, random: Random, id: string, key: Uint8Array): MaskingKey => {
  const ours = lineage(id, key, engine)
  let isWiped = false
  return {
    lineage: ours,
    peerHmac: peerHmac(key, engine),
    mask: ({ handle, owner, shares, fixed, mutable, material }) => {
      invariant(!isWiped, 'nothing is sealed under a key that is gone')
      const binding = bindingOf({ handle, generation: FIRST_GENERATION, fixed })
      const sealed = sealMaskedObject(engine, { id, key }, binding, random.bytes(NONCE_SIZE), material)
      const generation = FIRST_GENERATION
      const made = { handle, generation, maskingKeyId: id, owner, fixed, sealed: toBase64(sealed), mutable }
      return newKeyRecord(ours.hmac, made, shares)
    },
    unmask: (record) => openMaskedObject(engine, { id, key }, bindingOf(record), fromBase64(record.sealed)),
    tombstone: (of) => signed<Tombstone>(ours.hmac, { ...of, maskingKeyId: id }),
    holds: (tombstone) => tombstone.maskingKeyId === id && macHolds(ours.hmac, tombstone),
    wipe: () => {
      isWiped = true
      key.fill(0)
    },
  }
}
