import * as E from 'fp-ts/lib/Either.js'
import { invariant } from '@hsmlab/event-sourcing'
import type { Cluster } from '../cluster/cluster.ts'
import { perform } from './perform.ts'
import { type MadeKey, newJournal } from './record.ts'
import { STEADY_AES, STEADY_PAIR } from './steps.ts'

const STEPS = [
  { kind: 'work', id: STEADY_AES, at: 0, program: 'app-1', operation: { type: 'make-aes' } },
  { kind: 'work', id: STEADY_PAIR, at: 0, program: 'app-1', operation: { type: 'make-pair' } },
] as const

/** Makes the keys that stand on all HSMs before anything goes wrong. */
export const makeSteadyKeys = async ({ proxy }: Cluster): Promise<ReadonlyMap<number, MadeKey>> => {
  const application = proxy.application('app-1')
  invariant(application !== undefined, 'the proxy runs')
  const journal = newJournal()
  for (const step of STEPS) {
    const made = await perform({ application, step, journal, now: () => 0 })
    invariant(E.isRight(made), 'keys are made before the faults begin')
  }
  return journal.keys
}
