import { canonicalJson } from '@hsmlab/event-sourcing'
import { type HsmId, type HsmState, type KeyEntry, readHsmSnapshot } from '@hsmlab/domain'
import type { Hsm } from '@hsmlab/application'

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

export const holdingsOf = async (hsm: Hsm): Promise<Holdings | undefined> => {
  const { state: text } = await hsm.canonicalState()
  const state = readHsmSnapshot(text)
  if (state === undefined) return undefined
  return { hsmId: hsm.hsmId, digest: hsm.describe().digest, state, entries: entriesOf(state) }
}
