/** How many letters must be added, removed or exchanged to make `a` of `b` (Levenshtein). */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, place) => place)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const kept = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(kept, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** The candidate that `word` was probably meant to be; `undefined` when none is near. */
export const closest = (word: string, candidates: ReadonlyArray<string>): string | undefined => {
  const begun = candidates.filter((candidate) => candidate.startsWith(word))
  if (begun.length === 1) return begun[0]
  let best: string | undefined
  let least = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const here = distance(word, candidate)
    if (here < least) [best, least] = [candidate, here]
  }
  return best
}
