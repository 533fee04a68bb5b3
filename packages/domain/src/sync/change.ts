import type { Stamp, Username } from '../identifiers.ts'
import type { MutableAttributes } from '../key/attributes.ts'
import type { KeyRecord, Tombstone } from '../key/key-record.ts'
import { type Hmac, signed } from './entry.ts'
import { withSeen } from './seen.ts'
import { laterStamp } from './stamp.ts'

/** `record` with new values, all of them set by the HSM in `stamp` at that moment. */
export const changeAttributes = (
  hmac: Hmac,
  record: KeyRecord,
  values: Partial<MutableAttributes>,
  stamp: Stamp,
): KeyRecord => {
  const stamps = { ...record.stamps }
  for (const name in values) stamps[name] = stamp
  const mutable = { ...record.mutable, ...values }
  return signed<KeyRecord>(hmac, { ...record, mutable, stamps, seen: withSeen(record.seen, stamp) })
}

/** `record` shared with `username`, or no longer. */
export const changeShare = (
  hmac: Hmac,
  record: KeyRecord,
  username: Username,
  shared: boolean,
  stamp: Stamp,
): KeyRecord =>
  signed<KeyRecord>(hmac, {
    ...record,
    shares: { ...record.shares, [username]: { shared, stamp } },
    seen: withSeen(record.seen, stamp),
  })

/** What stands in the place of a deleted key. */
export const tombstoneOf = (hmac: Hmac, { handle, generation, maskingKeyId }: KeyRecord, stamp: Stamp): Tombstone =>
  signed<Tombstone>(hmac, { handle, generation, stamp, maskingKeyId })

/** The highest stamp that a record bears: the next change has to lie above it. */
export const latestStamp = ({ stamps, shares, seen }: KeyRecord): Stamp | undefined => {
  let latest: Stamp | undefined
  for (const name in stamps) latest = laterStamp(latest, stamps[name])
  for (const username in shares) latest = laterStamp(latest, shares[username]?.stamp)
  for (const hsmId in seen) latest = laterStamp(latest, seen[hsmId])
  return latest
}
