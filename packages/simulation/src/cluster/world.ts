import type { CryptoEngine } from '@hsmlab/crypto'
import type { CertificateVerifier, Random } from '@hsmlab/ports'
import { type MemoryLogger, memoryLogger, seededRandom, type VirtualClock, virtualClock } from '@hsmlab/ports/memory'
import { type SeededBus, seededBus } from '../bus/seeded-bus.ts'
import { simulatedCertificates } from '../certificates/simulated-certificates.ts'
import { type TraceHash, traceHash } from './trace-hash.ts'

/** What a simulation stands on that is not part of it. */
export type Ground = Readonly<{
  /** Lets everything that was set going come to rest: one turn of the event loop. */
  turn: () => Promise<void>
  /** An engine whose every result follows from `random` and its arguments. */
  engine: (random: Random) => CryptoEngine
}>

/** Everything that the processes of one history share: time, network, chance. */
export type World = Readonly<{
  seed: string
  clock: VirtualClock
  bus: SeededBus
  logger: MemoryLogger
  certificates: CertificateVerifier
  engine: Ground['engine']
  trace: TraceHash
  /** Events of the clock so far. */
  steps: () => number
}>

/** It has no state but what it remembers: every world may have the same one. */
const certificates = simulatedCertificates()

export const newWorld = (ground: Ground, seed: string): World => {
  let steps = 0
  const trace = traceHash()
  const clock = virtualClock({
    settle: () => {
      steps += 1
      return ground.turn()
    },
  })
  const bus = seededBus({
    clock,
    seed,
    delivered: ({ kind, from, to, subject, message }) => {
      trace.addNumber(clock.monotonicMillis())
      trace.addText(`${kind} ${from} ${to} ${subject}`)
      trace.addBytes(message)
    },
  })
  return {
    seed,
    clock,
    bus,
    logger: memoryLogger(),
    certificates,
    engine: ground.engine,
    trace,
    steps: () => steps,
  }
}

/** One stream of random bytes per name: what one process draws does not change what another one gets. */
export const randomOf = ({ seed }: World, name: string): Random => seededRandom(`${seed}/${name}`)
