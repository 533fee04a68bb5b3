import type { Bus, Clock } from '@hsmlab/ports'
import { diceFrom } from '../random/dice.ts'
import { type Network, seededNetwork, type Zone } from './network.ts'
import { seededDatagrams } from './seeded-datagrams.ts'
import { type FeedFaults, seededFeed } from './seeded-feed.ts'
import { seededRequests } from './seeded-requests.ts'
import type { Delivery, Participant } from './wire.ts'

/** One process's own way onto the bus. */
export type Endpoint = Bus &
  Readonly<{
    /** The process is gone: it hears nothing, says nothing, and waits for nothing. */
    die: () => void
  }>

export interface SeededBus {
  readonly join: (name: string, zone: Zone) => Endpoint
  readonly network: Network
  readonly feed: FeedFaults
}

export type SeededBusOptions = Readonly<{
  clock: Clock
  seed: string
  /** Sees every message that arrives anywhere, in order of arrival. */
  delivered?: (delivery: Delivery) => void
}>

const unseen = (): void => undefined

/**
 * The bus of the simulation: every message takes its time on the virtual clock, and may be lost, doubled, overtaken or
 * cut off, the same way for the same seed. Without faults it keeps the contract of every bus.
 */
export const seededBus = ({ clock, seed, delivered = unseen }: SeededBusOptions): SeededBus => {
  const network = seededNetwork(clock, seed)
  const wire = { clock, network, dice: diceFrom(`${seed}/bus`), delivered }
  const datagrams = seededDatagrams(wire)
  const requests = seededRequests(wire)
  const feed = seededFeed(wire)
  return {
    network,
    feed,
    join: (name, zone) => {
      const participant: Participant = { name, zone, alive: true }
      return {
        ...datagrams(participant),
        ...requests(participant),
        ...feed.join(participant),
        die: () => {
          participant.alive = false
        },
      }
    },
  }
}
