import type { CryptoEngine, RsaKeyPair } from '../engine.ts'
import { engineRules } from './engine-rules.ts'
import { publishedVectors } from './published-vectors.ts'
import { roundTrips } from './round-trips.ts'
import type { Test } from './test-face.ts'

export type EngineUnderTest = Readonly<{
  engine: CryptoEngine
  /** Of 2048 bits. */
  rsaKey: RsaKeyPair
}>

/** What every crypto engine must do: published vectors, the same refusals, and what it made it understands. */
export const engineContract = (test: Test, under: EngineUnderTest): void => {
  publishedVectors(test, under.engine)
  engineRules(test, under)
  roundTrips(test, under)
}
