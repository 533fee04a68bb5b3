import type { KeyView } from '@hsmlab/protocol'
import type { WorkStep } from './steps.ts'

export type Outcome =
  | Readonly<{ _tag: 'pending' }>
  | Readonly<{ _tag: 'ok' }>
  | Readonly<{ _tag: 'failed'; ckr: string; message: string }>
  /** There was nothing to do it with: no such key, or the proxy was away. */
  | Readonly<{ _tag: 'skipped' }>
  /** The proxy died before it answered. */
  | Readonly<{ _tag: 'abandoned' }>

/** One operation as the program that asked for it saw it. Times in milliseconds after the cluster was ready. */
export type WorkRecord = {
  readonly step: WorkStep
  readonly invokedAt: number
  returnedAt: number | undefined
  outcome: Outcome
  /** How far each HSM's log was on its disk when this was acknowledged. */
  durableHeads: ReadonlyMap<string, number> | undefined
}

/** A token key that a program was told of: its handle, or those of its public and private half. */
export type MadeKey = Readonly<{ views: ReadonlyArray<KeyView> }>

/** What a program noticed by itself that must not be: a wrong signature, another key under a handle. */
export type Wrong = Readonly<{ step: number; what: string }>

/** One call that used a key and succeeded. Times in milliseconds after the cluster was ready. */
export type Use = Readonly<{
  step: WorkStep
  key: number
  invokedAt: number
  call: 'sign' | 'encrypt' | 'decrypt' | 'get'
}>

/** All that the programs of one history did and learned. */
export type Journal = Readonly<{
  records: WorkRecord[]
  /** By the step that made it. */
  keys: Map<number, MadeKey>
  /** Which handles a find showed, by the step that asked. */
  found: Map<number, ReadonlyArray<number>>
  uses: Use[]
  wrong: Wrong[]
}>

export const newJournal = (): Journal => ({ records: [], keys: new Map(), found: new Map(), uses: [], wrong: [] })
