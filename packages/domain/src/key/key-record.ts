import * as t from 'io-ts'
import { Base64Codec } from '@hsmlab/event-sourcing'
import { KeyHandleCodec, StampCodec, UsernameCodec } from '../identifiers.ts'
import { FixedAttributes, MutableAttributes } from './attributes.ts'
import { namedRecord } from './named-record.ts'

/** Who may use the key beside its owner; a share that was taken back stays, with its stamp. */
export const Shares = namedRecord(t.strict({ shared: t.boolean, stamp: StampCodec }))
export type Shares = t.TypeOf<typeof Shares>

/** The stamp of each mutable attribute's last change; an attribute that stands as it was made has none. */
export const Stamps = t.record(t.string, StampCodec)
export type Stamps = t.TypeOf<typeof Stamps>

/** Of each HSM the latest change of this key that went into this copy: tells what its last changer knew of. */
export const Seen = t.record(t.string, StampCodec)
export type Seen = t.TypeOf<typeof Seen>

/**
 * A key as HSMs copy it among each other: the masked object (`sealed`: key bytes under the cluster's masking key, with
 * `fixed`, handle, generation and masking-key id as associated data), and beside it owner, shares and mutable
 * attributes with their stamps. `mac` is HMAC-SHA-256 under the masking key over the canonical JSON of all else.
 */
export const KeyRecord = t.strict({
  handle: KeyHandleCodec,
  generation: t.number,
  maskingKeyId: t.string,
  owner: UsernameCodec,
  fixed: FixedAttributes,
  sealed: Base64Codec,
  mutable: MutableAttributes,
  stamps: Stamps,
  shares: Shares,
  seen: Seen,
  mac: Base64Codec,
})
export type KeyRecord = t.TypeOf<typeof KeyRecord>

/** A deleted key: wins over inserts of its own and older generations, and is never collected. */
export const Tombstone = t.strict({
  handle: KeyHandleCodec,
  generation: t.number,
  stamp: StampCodec,
  maskingKeyId: t.string,
  mac: Base64Codec,
})
export type Tombstone = t.TypeOf<typeof Tombstone>
