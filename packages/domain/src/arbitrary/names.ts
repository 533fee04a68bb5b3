import * as fc from 'fast-check'
import { CommandIdCodec, type HsmId, type KeyHandle, type Stamp, type Username } from '../identifiers.ts'
import { writeStamp } from '../sync/stamp.ts'

/** A handful, so that the same HSM comes up again. */
export const hsmId: fc.Arbitrary<HsmId> = fc.constantFrom(
  ...(['hsm-aaaaaaaaaaa', 'hsm-bbbbbbbbbbb', 'hsm-ccccccccccc'] as ReadonlyArray<string> as ReadonlyArray<HsmId>),
)

/** Names that objects have members of are names of users too. */
export const username: fc.Arbitrary<Username> = fc
  .oneof(fc.constantFrom('user1', 'user2', 'user3', '__proto__', 'constructor'), fc.stringMatching(/^[a-z0-9_]{1,31}$/))
  .map((name) => name as Username)

export const commandId = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/).filter(CommandIdCodec.is)

/** Any lane, any counter. */
export const keyHandle: fc.Arbitrary<KeyHandle> = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 29 - 1 }), fc.integer({ min: 1, max: 2 ** 24 - 1 }))
  .map(([lane, counter]) => (lane * 2 ** 24 + counter) as KeyHandle)

/** Within two microseconds by three HSMs: ties are as likely as orders. */
export const closeStamp: fc.Arbitrary<Stamp> = fc
  .record({ micros: fc.constantFrom(1_000_000, 1_000_001), counter: fc.integer({ min: 0, max: 2 }), hsmId })
  .map(writeStamp)

export const stamp: fc.Arbitrary<Stamp> = fc
  .record({ micros: fc.integer({ min: 0, max: 2 ** 52 - 1 }), counter: fc.integer({ min: 0, max: 0xffff }), hsmId })
  .map(writeStamp)
