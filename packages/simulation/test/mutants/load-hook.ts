import type { LoadHook } from 'node:module'
import { type Mutant, MUTANT_VARIABLE } from './mutant.ts'

const mutant = JSON.parse(process.env[MUTANT_VARIABLE] ?? 'null') as Mutant | null

/** Hands out the mutated module in place of the built one. A mutant that fits nowhere would prove nothing. */
export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context)
  if (mutant === null || !url.endsWith(mutant.module)) return loaded
  const source = loaded.source === undefined ? '' : Buffer.from(loaded.source as Uint8Array).toString('utf8')
  if (!source.includes(mutant.search)) throw new Error(`the mutant of ${mutant.module} fits nowhere`)
  return { ...loaded, source: source.replaceAll(mutant.search, mutant.replacement) }
}
