import { fc } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import { toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import {
  changeAttributes,
  changeShare,
  type HsmId,
  isTombstone,
  type KeyEntry,
  type KeyHandle,
  type KeyRecord,
  laterStamp,
  mergeEntry,
  nextStamp,
  signed,
  type Stamp,
  type Superseded,
  tombstoneOf,
  type Username,
} from '../../src/index.ts'
import { plainRecord, sampleLineage } from '../../src/arbitrary/index.ts'

const { hmac } = sampleLineage
const HSMS = ['hsm-aaaaaaaaaaa', 'hsm-bbbbbbbbbbb', 'hsm-ccccccccccc'] as ReadonlyArray<string> as ReadonlyArray<HsmId>
const handle = 0x100_0001 as KeyHandle

/** What may happen on an HSM; `wall` is what its clock shows: clocks disagree and run backwards. */
export type Action = Readonly<{
  on: number
  wall: number
  does:
    | Readonly<{ _tag: 'label'; text: string }>
    | Readonly<{ _tag: 'lock'; attribute: 'CKA_EXTRACTABLE' | 'CKA_MODIFIABLE' }>
    | Readonly<{ _tag: 'share'; username: Username; shared: boolean }>
    | Readonly<{ _tag: 'delete' }>
    | Readonly<{ _tag: 'replicate' }>
    | Readonly<{ _tag: 'pull'; from: number }>
}>

const hsmIndex = fc.integer({ min: 0, max: HSMS.length - 1 })
const tagged = <Tag extends string>(_tag: Tag) => ({ _tag: fc.constant(_tag) })

export const action: fc.Arbitrary<Action> = fc.record({
  on: hsmIndex,
  wall: fc.integer({ min: 0, max: 3 }),
  does: fc.oneof(
    { weight: 4, arbitrary: fc.record({ ...tagged('label'), text: fc.constantFrom('x', 'y', 'z') }) },
    {
      weight: 1,
      arbitrary: fc.record({
        ...tagged('lock'),
        attribute: fc.constantFrom<['CKA_EXTRACTABLE', 'CKA_MODIFIABLE']>('CKA_EXTRACTABLE', 'CKA_MODIFIABLE'),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        ...tagged('share'),
        username: fc.constantFrom('user2', '__proto__').map((name) => name as Username),
        shared: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record(tagged('delete')) },
    { weight: 1, arbitrary: fc.record(tagged('replicate')) },
    { weight: 6, arbitrary: fc.record({ ...tagged('pull'), from: hsmIndex }) },
  ),
})

/** One HSM: what stands under the handle, its clock, and which changes it knows of, directly or through others. */
type Replica = { entry: KeyEntry; last: Stamp | undefined; knows: Set<Stamp> }

export type History = Readonly<{
  replicas: ReadonlyArray<Replica>
  /** For each change, what its author knew when it was made. */
  past: ReadonlyMap<Stamp, ReadonlySet<Stamp>>
  superseded: ReadonlyArray<Superseded>
  refusals: number
}>

const generationOf = (generation: number): KeyRecord =>
  signed<KeyRecord>(hmac, { ...plainRecord(handle, 'as made'), generation })

/** Three HSMs that begin with the same key, after `actions`, and then, if `heal`, after all exchanged everything. */
export const runHistory = (actions: ReadonlyArray<Action>, heal = true): History => {
  const replicas: Replica[] = HSMS.map(() => ({ entry: generationOf(1), last: undefined, knows: new Set() }))
  const past = new Map<Stamp, ReadonlySet<Stamp>>()
  const superseded: Superseded[] = []
  let refusals = 0

  const stampOf = (replica: Replica, { on, wall }: Action): Stamp => {
    const stamp = nextStamp(replica.last, wall, HSMS[on] as HsmId)
    if (E.isLeft(stamp)) throw new Error(stamp.left._tag)
    past.set(stamp.right, new Set(replica.knows))
    replica.knows.add(stamp.right)
    replica.last = stamp.right
    return stamp.right
  }

  const pull = (to: Replica, from: Replica): void => {
    const merge = mergeEntry(to.entry, from.entry, sampleLineage)
    if (merge.kind === 'refused') refusals += 1
    if (merge.kind === 'changed') {
      to.entry = merge.entry
      superseded.push(...merge.superseded)
    }
    to.last = laterStamp(to.last, from.last)
    for (const stamp of from.knows) to.knows.add(stamp)
  }

  const act = (replica: Replica, next: Action): void => {
    const { entry } = replica
    const { does } = next
    if (does._tag === 'pull') return pull(replica, replicas[does.from] as Replica)
    if (does._tag === 'replicate') {
      replica.entry = generationOf(entry.generation + 1)
      return
    }
    if (isTombstone(entry)) return
    switch (does._tag) {
      case 'label': {
        const values = { CKA_LABEL: toBase64(utf8Bytes(does.text)) }
        if (entry.mutable.CKA_MODIFIABLE) replica.entry = changeAttributes(hmac, entry, values, stampOf(replica, next))
        return
      }
      case 'lock':
        if (entry.mutable.CKA_MODIFIABLE) {
          replica.entry = changeAttributes(hmac, entry, { [does.attribute]: false }, stampOf(replica, next))
        }
        return
      case 'share':
        replica.entry = changeShare(hmac, entry, does.username, does.shared, stampOf(replica, next))
        return
      case 'delete':
        replica.entry = tombstoneOf(hmac, entry, stampOf(replica, next))
        return
    }
  }

  for (const next of actions) act(replicas[next.on] as Replica, next)
  for (let round = 0; heal && round < 2; round++) {
    for (const to of replicas) for (const from of replicas) pull(to, from)
  }
  return { replicas, past, superseded, refusals }
}
