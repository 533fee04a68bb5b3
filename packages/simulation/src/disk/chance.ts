/** Draws from one stream of random numbers in [0, 1). What can never happen draws nothing. */
export interface Chance {
  readonly happens: (probability: number) => boolean
  /** An integer from 0 to `count` - 1; 0 when there is nothing to choose from. */
  readonly below: (count: number) => number
}

export const chanceOf = (random: () => number): Chance => ({
  happens: (probability) => probability > 0 && random() < probability,
  below: (count) => (count > 1 ? Math.min(count - 1, Math.floor(random() * count)) : 0),
})
