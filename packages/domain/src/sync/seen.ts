import type { Stamp } from '../identifiers.ts'
import type { Seen } from '../key/key-record.ts'
import { laterStamp, readStamp } from './stamp.ts'

/** Whether the holder of `seen` knew of the change that bears this stamp: an HSM's own changes come in order. */
export const knew = (seen: Seen, stamp: Stamp): boolean => {
  const latest = seen[readStamp(stamp).hsmId]
  return latest !== undefined && latest >= stamp
}

/** `seen` with the change that bears `stamp`. */
export const withSeen = (seen: Seen, stamp: Stamp): Seen =>
  knew(seen, stamp) ? seen : { ...seen, [readStamp(stamp).hsmId]: stamp }

/** What two holders together know of. */
export const joinSeen = (mine: Seen, theirs: Seen): Seen => {
  const joined: Record<string, Stamp> = { ...mine }
  for (const hsmId in theirs) {
    const later = laterStamp(joined[hsmId], theirs[hsmId])
    if (later !== undefined) joined[hsmId] = later
  }
  return joined
}
