import { stir, waitUntil } from '../cluster/stir.ts'
import type { Cluster, Seat } from '../state.ts'

export type Task = Readonly<{ seat: Seat; ended: Promise<unknown> }>

/** Waits for all of `tasks` but those whose HSM may be left behind; what is left behind goes on by itself. */
export const settleNear = async (
  cluster: Cluster,
  tasks: ReadonlyArray<Task>,
  mayLeave: (seat: Seat) => boolean,
): Promise<void> => {
  const open = new Set(tasks)
  const follow = async (task: Task): Promise<void> => {
    await task.ended
    open.delete(task)
    stir(cluster)
  }
  for (const task of tasks) void follow(task)
  await waitUntil(cluster, () => [...open].every(({ seat }) => mayLeave(seat)), Infinity)
}

export const isSilent = ({ link }: Seat): boolean => !link.alive
