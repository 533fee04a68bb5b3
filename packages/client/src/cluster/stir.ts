import type { Cluster } from '../state.ts'

/** Resolves at the next tick, or as soon as a link or a session has changed. */
export const stirred = (cluster: Cluster): Promise<void> => new Promise((resolve) => void cluster.waiters.push(resolve))

/** Wakes who waits for a change. */
export const stir = (cluster: Cluster): void => {
  const { waiters } = cluster
  cluster.waiters = []
  for (const wake of waiters) wake()
}

/** False when the deadline (monotonic milliseconds) or the client's end came first. */
export const waitUntil = async (cluster: Cluster, holds: () => boolean, deadline: number): Promise<boolean> => {
  while (!holds()) {
    if (cluster.closed || cluster.now >= deadline) return false
    await stirred(cluster)
  }
  return true
}
