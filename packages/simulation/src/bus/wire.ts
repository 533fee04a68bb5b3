import type { Clock, Subject } from '@hsmlab/ports'
import type { Dice } from '../random/dice.ts'
import type { Network, Zone } from './network.ts'

/** One process on the bus. When it dies nothing reaches it any more, and nothing that it asked for is answered. */
export type Participant = { readonly name: string; readonly zone: Zone; alive: boolean }

/** What a delivery is told to whoever writes down the history. */
export type Delivery = Readonly<{ kind: string; from: string; to: string; subject: Subject; message: Uint8Array }>

export type Wire = Readonly<{
  clock: Clock
  network: Network
  dice: Dice
  delivered: (delivery: Delivery) => void
}>
