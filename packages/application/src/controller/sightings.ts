import type { HsmId } from '@hsmlab/domain'
import type { Clock } from '@hsmlab/ports'
import type { HsmDescription } from '@hsmlab/protocol'

/** What is known of an HSM beside the log: all of it is asked again after a restart. */
export type Sighting = Readonly<{
  description: HsmDescription | undefined
  /** Newest membership that it is known to have. */
  membershipVersion: number | undefined
  silentMillis: number
  /** Failed backups since the last good one. */
  troubles: number
}>

export interface Sightings {
  readonly of: (hsmId: HsmId) => Sighting
  readonly describe: (description: HsmDescription) => void
  readonly hasMembership: (hsmId: HsmId, version: number) => void
  readonly backup: (hsmId: HsmId, succeeded: boolean) => void
}

type Kept = {
  description: HsmDescription | undefined
  membershipVersion: number | undefined
  heardAt: number
  troubles: number
}

export const sightings = (clock: Clock): Sightings => {
  /** Nobody is silent before there was time to answer. */
  const startedAt = clock.monotonicMillis()
  const kept = new Map<HsmId, Kept>()
  const keptOf = (hsmId: HsmId): Kept => {
    const known = kept.get(hsmId)
    if (known !== undefined) return known
    const heardAt = clock.monotonicMillis()
    const fresh: Kept = { description: undefined, membershipVersion: undefined, heardAt, troubles: 0 }
    kept.set(hsmId, fresh)
    return fresh
  }
  return {
    of: (hsmId) => {
      const { description, membershipVersion, heardAt, troubles } = keptOf(hsmId)
      const silentMillis = clock.monotonicMillis() - Math.max(heardAt, startedAt)
      return { description, membershipVersion, silentMillis, troubles }
    },
    describe: (description) => {
      const entry = keptOf(description.hsmId)
      entry.description = description
      entry.membershipVersion = description.membershipVersion
      entry.heardAt = clock.monotonicMillis()
    },
    hasMembership: (hsmId, version) => {
      const entry = keptOf(hsmId)
      entry.membershipVersion = Math.max(entry.membershipVersion ?? 0, version)
    },
    backup: (hsmId, succeeded) => {
      const entry = keptOf(hsmId)
      entry.troubles = succeeded ? 0 : entry.troubles + 1
    },
  }
}
