import type { Bus, Subject } from '../bus.ts'
import type { Assertions } from './test-face.ts'

/** Two places on one bus, opened for one test; they may be the same object. */
export type BusUnderTest = Readonly<{
  near: Bus
  far: Bus
  /** Subscriptions made before are known everywhere, and datagrams sent before have been delivered. */
  settle: () => Promise<void>
  /** Lets time pass on the clock by which requests time out; nothing to do where that is the real one. */
  pass: (millis: number) => Promise<void>
  close: () => Promise<void>
}>

export type OpenBus = () => Promise<BusUnderTest>

/** Runs `check` on a bus of its own, with a subject that no other test uses. */
export type BusTest = (title: string, check: (t: Assertions, bus: BusUnderTest, at: Subject) => Promise<void>) => void
