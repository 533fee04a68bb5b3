import { canonicalJson } from '@hsmlab/event-sourcing'
import { type HsmId, type HsmState, type KeyEntry, readHsmSnapshot } from '@hsmlab/domain'
import type { Sample } from './replay.ts'

/** What one HSM holds at the end. */
export type Holdings = Readonly<{
  hsmId: HsmId
  digest: string
  state: HsmState
  /** Canonical text of what stands under each handle. */
  entries: ReadonlyMap<number, string>
}>

const entriesOf = ({ keys, tombstones }: HsmState): ReadonlyMap<number, string> => {
  const standing = new Map<number, KeyEntry>([...tombstones, ...keys])
  return new Map([...standing].sort(([a], [b]) => a - b).map(([handle, entry]) => [handle, canonicalJson(entry)]))
}

/** What an HSM with this live state and this digest holds. */
export const holdingsOf = ({ hsmId, state: text }: Sample, digest: string): Holdings | undefined => {
  const state = readHsmSnapshot(text)
  return state && { hsmId, digest, state, entries: entriesOf(state) }
}
