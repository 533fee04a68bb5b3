import type { Logger } from '@hsmlab/ports'

type Facts = Readonly<Record<string, string | number>>

/** Counts what anybody can send and nobody believes. */
export interface DropCounter {
  readonly add: (facts?: Facts) => void
  readonly count: () => number
}

/** The log hears of the first, the second, the fourth, the eighth …: no stranger can fill it. */
export const dropCounter = (logger: Logger, what: string, facts: Facts): DropCounter => {
  let count = 0
  let told = 0
  return {
    add: (more) => {
      count += 1
      if (count < 2 * told) return
      told = count
      logger.log('warn', what, { ...facts, ...more, dropped: count })
    },
    count: () => count,
  }
}
