import * as E from 'fp-ts/lib/Either.js'
import {
  type HsmDecision,
  type HsmState,
  isTombstone,
  type KeyEntry,
  type KeyHandle,
  type KeySource,
  mergeEntry,
  type MergeRefusal,
  rejection,
  supersededText,
} from '@hsmlab/domain'
import type { MaskingKey } from './masking-key.ts'

/** What stands under a handle: of a key and a tombstone never both, but while a new generation arrives. */
export const entryAt = (state: HsmState, handle: KeyHandle): KeyEntry | undefined =>
  state.keys.get(handle) ?? state.tombstones.get(handle)

const REFUSALS: Readonly<Record<MergeRefusal['_tag'], string>> = {
  ForeignLineage: 'The key was sealed under the masking key of another cluster.',
  MacInvalid: 'The key was not sealed in this cluster, or was altered.',
  HandleTaken: 'Another key has this handle.',
  NotATokenKey: 'Session keys stay on their HSM.',
}

const ANOTHER_COMMAND: HsmDecision<void> = {
  events: [],
  reply: E.left(rejection('CKR_ARGUMENTS_BAD', 'The command id is that of another command.')),
}

type Needs = Readonly<{ log: Readonly<{ state: HsmState }>; maskingKey: () => MaskingKey | undefined }>

type Origin = Readonly<{ source: KeySource; session: number; commandId: string }>

/** What the service does by itself: no session, and no command that could be repeated. */
export const bySync = (source: 'peer' | 'backup'): Origin => ({ source, session: 0, commandId: '' })

/**
 * Takes a copy in: what stands afterwards is the merge of it and what stood. No quota refuses a copy. One that brings
 * nothing new adds no event, but for a client's: the audit log shows that it inserted the key, even where the service
 * came first.
 */
export const insertRecord = ({ log, maskingKey }: Needs, entry: KeyEntry, origin: Origin): HsmDecision<void> => {
  const nothing: HsmDecision<void> = { events: [], reply: E.right(undefined) }
  const before = log.state.commands.get(origin.commandId)
  if (before !== undefined) return before.handles.includes(entry.handle) ? nothing : ANOTHER_COMMAND
  const masking = maskingKey()
  if (masking === undefined) {
    return { events: [], reply: E.left(rejection('CKR_DEVICE_ERROR', 'The HSM has no masking key.')) }
  }
  const merge = mergeEntry(entryAt(log.state, entry.handle), entry, masking.lineage)
  if (merge.kind === 'refused') {
    return { events: [], reply: E.left(rejection('CKR_FUNCTION_FAILED', REFUSALS[merge.why._tag])) }
  }
  const standing = merge.kind === 'changed' ? merge.entry : entryAt(log.state, entry.handle)
  const isNews = merge.kind === 'changed' || (origin.source === 'client' && standing?.generation === entry.generation)
  if (!isNews || standing === undefined) return nothing
  if (isTombstone(standing)) {
    if (merge.kind === 'unchanged') return nothing
    return { ...nothing, events: [{ type: 'KeyDeleted', ...origin, tombstone: standing }] }
  }
  const superseded = merge.kind === 'changed' ? merge.superseded.map(supersededText) : []
  return { ...nothing, events: [{ type: 'KeyInserted', ...origin, record: standing, superseded }] }
}
