import type { Clock } from '@hsmlab/ports'
import { type Dice, diceFrom } from '../random/dice.ts'

/** Where a participant stands: an Availability Zone, or a place outside of all. */
export type Zone = string

/** What happens on the links between zones: likelihoods from 0 to 1, delays in milliseconds. */
export type LinkFaults = Readonly<{
  loss: number
  duplicate: number
  /** How likely a message may overtake those before it; without it a link delivers in order. */
  reorder: number
  delayMin: number
  delayMax: number
  /** How likely somebody delivers a message once more, up to `REPLAY_MILLIS` later. */
  replay: number
  /** How likely somebody changes a bit of what is delivered. */
  alter: number
}>

const REPLAY_MILLIS = [20, 3000] as const

/** A good day in one region. */
export const CALM: LinkFaults = { loss: 0, duplicate: 0, reorder: 0, delayMin: 0.1, delayMax: 0.8, replay: 0, alter: 0 }

/** Every zone. */
export const EVERYWHERE = '*'

/** The network between zones: directed links, each with random numbers of its own. */
export interface Network {
  /** From now on, on all links; what is not named stays as it is. */
  readonly setFaults: (faults: Partial<LinkFaults>) => void
  /** Nothing passes from `from` to `to` until the result is called. */
  readonly cut: (from: Zone, to: Zone) => () => void
  readonly isCut: (from: Zone, to: Zone) => boolean
  /** No faults on any link that is not cut. */
  readonly calm: () => void
  /** Mends every link and calms all of them. */
  readonly heal: () => void
  /** In how many milliseconds the copies of one message arrive; none: it is lost. */
  readonly transit: (from: Zone, to: Zone) => ReadonlyArray<number>
  /** The receiver's own copy of a message; on a bad day it is not what was sent. */
  readonly deliverable: (from: Zone, to: Zone, message: Uint8Array) => Uint8Array
  readonly counts: () => Readonly<
    Record<'sent' | 'lost' | 'doubled' | 'overtaken' | 'cutOff' | 'replayed' | 'altered', number>
  >
}

type Link = { readonly dice: Dice; lastArrival: number }

const linkName = (from: Zone, to: Zone): string => `${from}>${to}`

export const seededNetwork = (clock: Clock, seed: string): Network => {
  const links = new Map<string, Link>()
  const cuts = new Set<Readonly<{ from: Zone; to: Zone }>>()
  const counts = { sent: 0, lost: 0, doubled: 0, overtaken: 0, cutOff: 0, replayed: 0, altered: 0 }
  let faults = CALM

  const linkOf = (from: Zone, to: Zone): Link => {
    const name = linkName(from, to)
    const link = links.get(name) ?? { dice: diceFrom(`${seed}/link/${name}`), lastArrival: 0 }
    links.set(name, link)
    return link
  }

  const isCut = (from: Zone, to: Zone): boolean => {
    if (from === to) return false
    for (const cut of cuts) {
      if ((cut.from === EVERYWHERE || cut.from === from) && (cut.to === EVERYWHERE || cut.to === to)) return true
    }
    return false
  }

  const arrival = (link: Link): number => {
    const delay = link.dice.between(faults.delayMin, faults.delayMax)
    const now = clock.monotonicMillis()
    if (link.dice.happens(faults.reorder)) {
      counts.overtaken += 1
      return delay
    }
    link.lastArrival = Math.max(link.lastArrival, now + delay)
    return link.lastArrival - now
  }

  return {
    setFaults: (changed) => {
      faults = { ...faults, ...changed }
    },
    cut: (from, to) => {
      const cut = { from, to }
      cuts.add(cut)
      return () => void cuts.delete(cut)
    },
    isCut,
    calm: () => {
      faults = CALM
    },
    heal: () => {
      cuts.clear()
      faults = CALM
    },
    transit: (from, to) => {
      counts.sent += 1
      if (isCut(from, to)) {
        counts.cutOff += 1
        return []
      }
      const link = linkOf(from, to)
      if (link.dice.happens(faults.loss)) {
        counts.lost += 1
        return []
      }
      const arrivals = [arrival(link)]
      if (link.dice.happens(faults.duplicate)) {
        counts.doubled += 1
        arrivals.push(arrival(link))
      }
      if (link.dice.happens(faults.replay)) {
        counts.replayed += 1
        arrivals.push(link.dice.between(REPLAY_MILLIS[0], REPLAY_MILLIS[1]))
      }
      return arrivals
    },
    deliverable: (from, to, message) => {
      const bytes = message.slice()
      const { dice } = linkOf(from, to)
      if (bytes.length === 0 || !dice.happens(faults.alter)) return bytes
      counts.altered += 1
      const at = dice.below(bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8))
      return bytes
    },
    counts: () => ({ ...counts }),
  }
}
