import type { Stamp } from '../identifiers.ts'
import type { MutableAttributeName, MutableAttributes } from '../key/attributes.ts'
import type { KeyRecord } from '../key/key-record.ts'
import { joinSeen, knew } from './seen.ts'

/**
 * A change that lost against one that its author did not know of. `what` is an attribute's name, or `share` and the
 * user's name; `value` what was lost, `stamp` when, `by` the stamp of the change that stands.
 */
export type Superseded = Readonly<{ what: string; value: string; stamp: Stamp; by: Stamp }>

/** One line for the log: the members of `Superseded` in their order. */
export const supersededText = ({ what, value, stamp, by }: Superseded): string =>
  `${what} ${value} of ${stamp} by ${by}`

/** Before any stamp: the value that a key was made with. */
const NEVER = '' as Stamp

/** A value and when it was set. Of two, the greater in the order (final, stamp, value) stands. */
type Register<A extends string | boolean> = Readonly<{ value: A; stamp: Stamp }>

/** Attributes that change one way only: once they have this value, no stamp takes it from them. */
const FINAL: Partial<Readonly<Record<MutableAttributeName, boolean>>> = {
  CKA_EXTRACTABLE: false,
  CKA_MODIFIABLE: false,
  CKA_WRAP_WITH_TRUSTED: true,
}

const isGreater = <A extends string | boolean>(a: Register<A>, b: Register<A>, final: A | undefined): boolean => {
  if (a.value !== b.value && (a.value === final || b.value === final)) return a.value === final
  if (a.stamp !== b.stamp) return a.stamp > b.stamp
  return a.value > b.value
}

/**
 * The join of two copies of one key, without its MAC: attribute by attribute and share by share the greater register,
 * and the union of what both had seen. Each is the maximum of a total order, so the join is commutative, associative
 * and idempotent.
 */
export const joinRecords = (
  mine: KeyRecord,
  theirs: KeyRecord,
): Readonly<{ record: Omit<KeyRecord, 'mac'>; superseded: ReadonlyArray<Superseded> }> => {
  const superseded: Superseded[] = []
  const joinRegister = <A extends string | boolean>(
    what: string,
    own: Register<A> | undefined,
    other: Register<A> | undefined,
    final?: A,
  ): Register<A> | undefined => {
    if (own === undefined || other === undefined) return own ?? other
    const ownStands = !isGreater(other, own, final)
    const [winner, loser, winnersSeen] = ownStands ? [own, other, mine.seen] : [other, own, theirs.seen]
    if (loser.stamp !== NEVER && loser.value !== winner.value && !knew(winnersSeen, loser.stamp)) {
      superseded.push({ what, value: String(loser.value), stamp: loser.stamp, by: winner.stamp })
    }
    return winner
  }

  const mutable: Record<string, string | boolean> = { ...mine.mutable }
  const stamps: Record<string, Stamp> = {}
  for (const name of Object.keys(mine.mutable) as ReadonlyArray<MutableAttributeName>) {
    const joined = joinRegister<string | boolean>(name, attribute(mine, name), attribute(theirs, name), FINAL[name])
    if (joined === undefined) continue
    mutable[name] = joined.value
    if (joined.stamp !== NEVER) stamps[name] = joined.stamp
  }

  // Not by assignment: `__proto__` is a valid user name.
  const shares = Object.fromEntries(
    Object.keys({ ...mine.shares, ...theirs.shares }).flatMap((username) => {
      const joined = joinRegister(`share ${username}`, share(mine, username), share(theirs, username))
      return joined === undefined ? [] : [[username, { shared: joined.value, stamp: joined.stamp }]]
    }),
  )

  const { mac: _mac, ...unchanging } = mine
  const seen = joinSeen(mine.seen, theirs.seen)
  return { record: { ...unchanging, mutable: mutable as MutableAttributes, stamps, shares, seen }, superseded }
}

const attribute = (record: KeyRecord, name: MutableAttributeName): Register<string | boolean> => ({
  value: record.mutable[name],
  stamp: record.stamps[name] ?? NEVER,
})

const share = (record: KeyRecord, username: string): Register<boolean> | undefined => {
  const entry = Object.hasOwn(record.shares, username) ? record.shares[username] : undefined
  return entry === undefined ? undefined : { value: entry.shared, stamp: entry.stamp }
}
