import * as fc from 'fast-check'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import type { HsmId, KeyHandle, Stamp, Username } from '../identifiers.ts'
import type { MutableAttributeName, MutableAttributes } from '../key/attributes.ts'
import type { KeyRecord, Tombstone } from '../key/key-record.ts'
import { type KeyEntry, signed } from '../sync/entry.ts'
import type { Lineage } from '../sync/lineage.ts'
import { base64, fixedAttributes, mutableAttributes } from './attributes.ts'
import { closeStamp, hsmId, keyHandle, username } from './names.ts'

const macKey = utf8Bytes('a MAC key for tests: no secret')

/** The lineage of every record and tombstone made here. */
export const sampleLineage: Lineage = {
  maskingKeyId: 'masking-key-1',
  hmac: (message) => hmac(sha256, macKey, message),
}

const GENERATION_MAX = 3

/** What makes a key that key: the same in all of its copies. */
type Identity = Pick<KeyRecord, 'handle' | 'generation' | 'maskingKeyId' | 'owner' | 'fixed' | 'sealed'> &
  Readonly<{ made: MutableAttributes }>

const identity = (handle: KeyHandle, generation: number): fc.Arbitrary<Identity> =>
  fc.record({
    handle: fc.constant(handle),
    generation: fc.constant(generation),
    maskingKeyId: fc.constant(sampleLineage.maskingKeyId),
    owner: username,
    fixed: fixedAttributes,
    sealed: base64(32),
    made: mutableAttributes,
  })

/** `values` of the attributes that were changed, each with the stamp of its change. */
type Changes = Readonly<{ values: MutableAttributes; stamps: ReadonlyArray<readonly [MutableAttributeName, Stamp]> }>

const changedAttribute: fc.Arbitrary<MutableAttributeName> = fc.constantFrom(
  'CKA_LABEL',
  'CKA_SIGN',
  'CKA_EXTRACTABLE',
  'CKA_MODIFIABLE',
  'CKA_WRAP_WITH_TRUSTED',
)

const changes: fc.Arbitrary<Changes> = fc.record({
  values: mutableAttributes,
  stamps: fc.uniqueArray(fc.tuple(changedAttribute, closeStamp), { selector: ([name]) => name, maxLength: 5 }),
})

const shares = fc.uniqueArray(fc.tuple(username, fc.record({ shared: fc.boolean(), stamp: closeStamp })), {
  selector: ([name]) => name,
  maxLength: 3,
})

const seen: fc.Arbitrary<ReadonlyArray<readonly [HsmId, Stamp]>> = fc
  .uniqueArray(hsmId, { maxLength: 3 })
  .chain((ids) => fc.tuple(...ids.map((id) => closeStamp.map((at) => [id, withStamper(at, id)] as const))))

const withStamper = (at: Stamp, id: HsmId): Stamp => `${at.slice(0, 17)}-${id}` as Stamp

/** A copy of a key on which changes were made that other copies may not know of. */
const copyOf = ({ made, ...rest }: Identity): fc.Arbitrary<KeyRecord> =>
  fc.record({ changes, shares, seen }).map((copy) => {
    const changed = copy.changes.stamps.map(([name]) => [name, copy.changes.values[name]] as const)
    return signed<KeyRecord>(sampleLineage.hmac, {
      ...rest,
      mutable: { ...made, ...Object.fromEntries(changed) },
      stamps: Object.fromEntries(copy.changes.stamps),
      shares: Object.fromEntries<KeyRecord['shares'][string]>(copy.shares),
      seen: Object.fromEntries(copy.seen),
    })
  })

const tombstoneAt = (handle: KeyHandle, generation: number): fc.Arbitrary<Tombstone> =>
  closeStamp.map((at) =>
    signed<Tombstone>(sampleLineage.hmac, {
      handle,
      generation,
      stamp: at,
      maskingKeyId: sampleLineage.maskingKeyId,
    }),
  )

/**
 * Entries of one handle as HSMs that lost sight of each other may hold them: copies of the same key and its
 * tombstones, over three generations, their stamps close together and often equal.
 */
export const entriesOfOneHandle = (count: number): fc.Arbitrary<ReadonlyArray<KeyEntry>> =>
  keyHandle
    .chain((handle) => fc.tuple(...Array.from({ length: GENERATION_MAX }, (_, i) => identity(handle, i + 1))))
    .chain((generations) =>
      fc.array(
        fc.oneof(
          { weight: 4, arbitrary: fc.constantFrom(...generations).chain(copyOf) },
          {
            weight: 1,
            arbitrary: fc
              .constantFrom(...generations)
              .chain(({ handle, generation }) => tombstoneAt(handle, generation)),
          },
        ),
        { minLength: count, maxLength: count },
      ),
    )

export const keyRecord: fc.Arbitrary<KeyRecord> = keyHandle.chain((handle) => identity(handle, 1)).chain(copyOf)

export const tombstone: fc.Arbitrary<Tombstone> = keyHandle.chain((handle) => tombstoneAt(handle, 1))

export const keyEntry: fc.Arbitrary<KeyEntry> = fc.oneof(keyRecord, tombstone)

/** Entries of different handles. */
export const keyEntries = (maxLength: number): fc.Arbitrary<ReadonlyArray<KeyEntry>> =>
  fc.uniqueArray(keyEntry, { selector: ({ handle }) => handle, maxLength, size: 'max' })

/** A small record, quickly made: for tables with many keys. */
export const plainRecord = (handle: KeyHandle, label = ''): KeyRecord =>
  signed<KeyRecord>(sampleLineage.hmac, {
    handle,
    generation: 1,
    maskingKeyId: sampleLineage.maskingKeyId,
    owner: 'user1' as Username,
    fixed: {
      CKA_CLASS: 'CKO_SECRET_KEY',
      CKA_KEY_TYPE: 'CKK_AES',
      CKA_TOKEN: true,
      CKA_PRIVATE: true,
      CKA_LOCAL: true,
      CKA_SENSITIVE: true,
      CKA_ALWAYS_SENSITIVE: true,
      CKA_NEVER_EXTRACTABLE: false,
      CKA_KEY_GEN_MECHANISM: 0x1080,
      CKA_VALUE_LEN: 32,
    },
    sealed: toBase64(utf8Bytes(`sealed ${handle}`)),
    mutable: {
      CKA_LABEL: toBase64(utf8Bytes(label)),
      CKA_ID: toBase64(new Uint8Array(0)),
      CKA_MODIFIABLE: true,
      CKA_DESTROYABLE: true,
      CKA_EXTRACTABLE: true,
      CKA_ENCRYPT: true,
      CKA_DECRYPT: true,
      CKA_SIGN: true,
      CKA_VERIFY: true,
      CKA_WRAP: false,
      CKA_UNWRAP: false,
      CKA_DERIVE: false,
      CKA_TRUSTED: false,
      CKA_WRAP_WITH_TRUSTED: false,
    },
    stamps: {},
    shares: {},
    seen: {},
  })
