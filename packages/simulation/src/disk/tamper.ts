import type { StoreEntry } from '@hsmlab/ports'
import type { OrderedBytes } from '@hsmlab/ports/memory'
import type { Chance } from './chance.ts'

const EVERYTHING = { from: new Uint8Array(0), to: new Uint8Array(64).fill(0xff) }

const withFlippedBit = (bytes: Uint8Array, chance: Chance): Uint8Array => {
  const flipped = bytes.slice()
  const at = chance.below(bytes.length)
  flipped[at] = (flipped[at] ?? 0) ^ (1 << chance.below(8))
  return flipped
}

/** Flips one bit in one key or value; false when there is none to flip. */
export const flipBit = (bytes: OrderedBytes, chance: Chance, where: 'key' | 'value'): boolean => {
  const entries = bytes.range(EVERYTHING).filter((candidate) => candidate[where].length > 0)
  const entry: StoreEntry | undefined = entries[chance.below(entries.length)]
  if (entry === undefined) return false
  const { key, value } = entry
  if (where === 'key') bytes.del(key)
  bytes.put(
    where === 'key' ? withFlippedBit(key, chance) : key,
    where === 'value' ? withFlippedBit(value, chance) : value,
  )
  return true
}

/** Removes a run of neighbours that is neither the first nor the last entry; false when there are fewer than three. */
export const loseRun = (bytes: OrderedBytes, chance: Chance): boolean => {
  const entries = bytes.range(EVERYTHING)
  if (entries.length < 3) return false
  const from = 1 + chance.below(entries.length - 2)
  const to = from + 1 + chance.below(entries.length - 1 - from)
  for (const { key } of entries.slice(from, to)) bytes.del(key)
  return true
}
