import { isReachable } from '../cluster/reach.ts'
import { AVAILABILITY_HOLDERS, PLACEMENT_STALE_MILLIS, PLACEMENTS_MAX } from '../limits.ts'
import type { ApplicationState, Cluster, Link, Placement } from '../state.ts'

/** At least two HSMs that can be reached hold the key ("Key availability"). */
export const isAvailable = ({ holders }: Placement): boolean => {
  let count = 0
  for (const holder of holders) if (isReachable(holder)) count += 1
  return count >= AVAILABILITY_HOLDERS
}

export const isStale = ({ cluster }: ApplicationState, { learnedAt }: Placement): boolean =>
  cluster.now - learnedAt >= PLACEMENT_STALE_MILLIS

/** Sets what is known. The oldest knowledge goes when there is too much. */
export const setHolders = (application: ApplicationState, handle: number, holders: ReadonlyArray<Link>): void => {
  const { placements, cluster } = application
  placements.delete(handle)
  if (holders.length === 0 || cluster.deleted.has(handle)) return
  placements.set(handle, { holders, learnedAt: cluster.now })
  if (placements.size <= PLACEMENTS_MAX) return
  for (const oldest of placements.keys()) {
    placements.delete(oldest)
    return
  }
}

/** One more HSM has shown that it holds the key. */
export const addHolder = (application: ApplicationState, handle: number, holder: Link): void => {
  const known = application.placements.get(handle)
  if (known === undefined) setHolders(application, handle, [holder])
  else if (!known.holders.includes(holder)) known.holders = [...known.holders, holder]
}

/** An HSM has said that it has no such key: what else is known is to be looked up again. */
export const removeHolder = (application: ApplicationState, handle: number, holder: Link): void => {
  const known = application.placements.get(handle)
  if (known === undefined) return
  known.holders = known.holders.filter((other) => other !== holder)
  known.learnedAt = -Infinity
  if (known.holders.length === 0) application.placements.delete(handle)
}

/** The key was deleted: no application may go on believing that an HSM holds it. One that was away still does. */
export const forgetKey = ({ applications, deleted }: Cluster, handle: number): void => {
  for (const { placements } of applications) placements.delete(handle)
  deleted.add(handle)
  const [oldest] = deleted
  if (deleted.size > PLACEMENTS_MAX && oldest !== undefined) deleted.delete(oldest)
}

export const forgetLink = (application: ApplicationState, link: Link): void => {
  for (const [handle, placement] of application.placements) {
    if (!placement.holders.includes(link)) continue
    placement.holders = placement.holders.filter((other) => other !== link)
    if (placement.holders.length === 0) application.placements.delete(handle)
  }
}
