import { seededRandom } from '@hsmlab/ports/memory'
import { type Chance, chanceOf } from '../disk/chance.ts'

/** Numbers in [0, 1) from a seed. One stream per concern: a fault that is added must not reshuffle the others. */
export const numbersFrom = (seed: string): (() => number) => {
  const random = seededRandom(seed)
  return () => {
    const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4)
    return (a * 0x1_00_0000 + b * 0x1_0000 + c * 0x100 + d) / 0x1_0000_0000
  }
}

/** Everything that is drawn by lot in a simulation. */
export interface Dice extends Chance {
  /** A number from `low` to `high`. */
  readonly between: (low: number, high: number) => number
  readonly pick: <Item>(items: readonly [Item, ...ReadonlyArray<Item>]) => Item
}

export const diceFrom = (seed: string): Dice => {
  const numbers = numbersFrom(seed)
  const chance = chanceOf(numbers)
  return {
    ...chance,
    between: (low, high) => low + (high - low) * numbers(),
    pick: (items) => items[chance.below(items.length)] ?? items[0],
  }
}
