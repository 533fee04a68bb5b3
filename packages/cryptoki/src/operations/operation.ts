import type { Reply } from '../answer.ts'
import type { Output, Room } from '../output.ts'

/**
 * An active operation of a session. What gives bytes gives a length instead while they do not fit, and stays as it was;
 * anything else but an update ends the operation.
 */
export interface SignOperation {
  readonly whole: (message: Uint8Array, room: Room) => Reply<Output>
  readonly update: (part: Uint8Array) => Reply<void>
  readonly final: (room: Room) => Reply<Output>
}

export type DigestOperation = SignOperation

export interface VerifyOperation {
  readonly whole: (message: Uint8Array, signature: Uint8Array) => Reply<void>
  readonly update: (part: Uint8Array) => Reply<void>
  readonly final: (signature: Uint8Array) => Reply<void>
}

export interface CipherOperation {
  readonly whole: (input: Uint8Array, room: Room) => Reply<Output>
  readonly update: (part: Uint8Array, room: Room) => Reply<Output>
  readonly final: (room: Room) => Reply<Output>
}
