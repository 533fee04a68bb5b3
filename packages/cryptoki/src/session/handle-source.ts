import type { Random } from '@hsmlab/ports'

/** Gives a handle that was never given before, by this source. */
export type HandleSource = () => number

const FIRST_MIN = 0x1000_0000
const FIRST_SPAN = 0x4000_0000

/**
 * Handles start at random, so that no program keeps one from another run, and only grow. One source serves all
 * connections: a handle that strayed into another program is no handle there.
 */
export const handleSource = (random: Random): HandleSource => {
  const drawn = random.bytes(4).reduce((sum, byte) => sum * 256 + byte, 0)
  let next = FIRST_MIN + (drawn % FIRST_SPAN)
  return () => next++
}
