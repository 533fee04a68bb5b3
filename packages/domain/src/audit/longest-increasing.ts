/** Places (ascending) of a longest strictly increasing subsequence of `values`: what stayed in order when others moved. */
export const longestIncreasing = (values: ReadonlyArray<number>): ReadonlyArray<number> => {
  const tails: number[] = [] // tails[k]: place of the smallest value that ends an increasing run of k + 1 values.
  const previous = new Map<number, number | undefined>()
  const valueAt = (place: number | undefined): number => values[place ?? -1] ?? Number.POSITIVE_INFINITY
  for (const [place, value] of values.entries()) {
    let low = 0
    let high = tails.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (valueAt(tails[middle]) < value) low = middle + 1
      else high = middle
    }
    previous.set(place, tails[low - 1])
    tails[low] = place
  }
  const run: number[] = []
  for (let place = tails.at(-1); place !== undefined; place = previous.get(place)) run.push(place)
  return run.reverse()
}
