import * as t from 'io-ts'
import { equalBytes } from '@hsmlab/crypto'
import { type Base64, canonicalJson, fromBase64, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import type { Username } from '../identifiers.ts'
import { KeyRecord, type Seen, type Shares, Tombstone } from '../key/key-record.ts'
import { withSeen } from './seen.ts'

/** What stands under a handle: a key or, once it was deleted, its tombstone. */
export type KeyEntry = KeyRecord | Tombstone
export const KeyEntryCodec: t.Type<KeyEntry, unknown> = t.union([KeyRecord, Tombstone])
export type Unsigned<Entry extends KeyEntry = KeyEntry> = Entry extends KeyEntry ? Omit<Entry, 'mac'> : never

/** HMAC-SHA-256 under one key: `hmacOf` of the lineage or of the peers. */
export type Hmac = (message: Uint8Array) => Uint8Array

export const isTombstone = (entry: KeyEntry): entry is Tombstone => !('sealed' in entry)

const MAC_CONTEXT = 'hsmlab key entry 1\n'

/**
 * The bytes that HSMs compare and that the MAC covers: a context, so that no other MAC under the same key fits, and the
 * canonical JSON of all but the MAC. Two HSMs hold the same key if and only if these are equal.
 */
export const entryBytes = (entry: Unsigned): Uint8Array =>
  utf8Bytes(MAC_CONTEXT + canonicalJson({ ...entry, mac: undefined }))

export const entryMac = (hmac: Hmac, entry: Unsigned): Base64 => toBase64(hmac(entryBytes(entry)))

/** `entry` with its MAC. */
export const signed = <Entry extends KeyEntry>(hmac: Hmac, entry: Omit<Entry, 'mac'>): Entry =>
  ({ ...entry, mac: entryMac(hmac, entry as Unsigned) }) as Entry

/** Whether the MAC was made by someone who has the masking key. */
export const macHolds = (hmac: Hmac, entry: KeyEntry): boolean =>
  equalBytes(fromBase64(entry.mac), hmac(entryBytes(entry)))

/** The record of a key that was just made: no attribute has changed yet; shares given at creation bear its stamp. */
export const newKeyRecord = (
  hmac: Hmac,
  made: Omit<KeyRecord, 'stamps' | 'shares' | 'seen' | 'mac'>,
  shares: Shares = {},
): KeyRecord => {
  const seen = Object.values(shares).reduce<Seen>((soFar, { stamp }) => withSeen(soFar, stamp), {})
  return signed<KeyRecord>(hmac, { ...made, stamps: {}, shares, seen })
}

/** With whom the key is shared now, in the order of their names. */
export const sharedWith = ({ shares }: Pick<KeyRecord, 'shares'>): ReadonlyArray<Username> =>
  Object.keys(shares)
    .filter((username) => shares[username]?.shared === true)
    .sort()
    .map((username) => username as Username)
