import { ABSENT_MILLIS } from '../limits.ts'
import type { Cluster, Link } from '../state.ts'

/** Counts as there: a short silence sends requests elsewhere, but does not yet take a holder away. */
export const isReachable = ({ silence }: Link): boolean => silence < ABSENT_MILLIS

export const anyAlive = ({ links }: Cluster): boolean => links.some(({ alive }) => alive)

/**
 * Who is away now has been away, or was given the time to come: an HSM missing right after a start, or right after the
 * network was gone for all, proves nothing.
 */
export const isReachSettled = (cluster: Cluster): boolean =>
  cluster.links.length > 0 &&
  (cluster.links.every(isReachable) ||
    (cluster.links.every(({ attempted }) => attempted) && cluster.now - cluster.awakeSince >= ABSENT_MILLIS))
