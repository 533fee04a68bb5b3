import * as E from 'fp-ts/lib/Either.js'
import type { ClientResult } from '@hsmlab/client'
import { HASHES, hashOfMechanism, type MechanismFacts } from '@hsmlab/crypto'
import type { Mechanism } from '@hsmlab/pkcs11'
import { type Answer, refuse, type Reply, whenAnswered } from '../answer.ts'
import { fit, type Output, type Room } from '../output.ts'
import { type BlockStream, createBlockStream } from './block-stream.ts'
import type { CipherOperation } from './operation.ts'
import type { KeyOperation } from './sign.ts'

export type Direction = 'encrypt' | 'decrypt'

/** One stateless operation of the HSM. */
export type CipherCall = (mechanism: Mechanism, input: Uint8Array) => ClientResult<Uint8Array>

const PKCS1_OVERHEAD = 11

/** How long the output of a one-part operation is: exactly, or at most. */
type OutputLength = Readonly<{ exact: boolean; bytes: number }>

const rsaOutput = ({ key, mechanism, facts }: KeyOperation, direction: Direction): OutputLength => {
  const { bytes } = key.shape
  if (direction === 'encrypt') return { exact: true, bytes }
  const hash = mechanism.parameter._tag === 'oaep' ? hashOfMechanism(mechanism.parameter.hash) : undefined
  const overhead = facts.algorithm === 'rsa-oaep' && hash !== undefined ? 2 * HASHES[hash].bytes + 2 : PKCS1_OVERHEAD
  return { exact: false, bytes: Math.max(0, bytes - overhead) }
}

const outputLength = (operation: KeyOperation, direction: Direction, inputLength: number): OutputLength => {
  const { facts, mechanism } = operation
  switch (facts.algorithm) {
    case 'aes-gcm': {
      const tagBytes = mechanism.parameter._tag === 'gcm' ? mechanism.parameter.tagBits / 8 : 0
      return { exact: true, bytes: Math.max(0, inputLength + (direction === 'encrypt' ? tagBytes : -tagBytes)) }
    }
    case 'aes-cbc-pad':
      return direction === 'encrypt'
        ? { exact: true, bytes: inputLength - (inputLength % 16) + 16 }
        : { exact: false, bytes: Math.max(0, inputLength - 1) }
    case 'aes-ecb':
    case 'aes-cbc':
    case 'aes-ctr':
      return { exact: true, bytes: inputLength }
    default:
      return rsaOutput(operation, direction)
  }
}

/**
 * A result that did not fit is kept, and handed out when the program comes back with the same input and more room: the
 * HSM works once.
 */
const createKeeper = () => {
  let kept: Uint8Array | undefined
  let of: Uint8Array | undefined
  const isSame = (input: Uint8Array): boolean =>
    of?.length === input.length && input.every((byte, i) => byte === of?.[i])

  return {
    hand: (input: Uint8Array, room: Room, make: () => Reply<Uint8Array>): Reply<Output> => {
      if (kept !== undefined && isSame(input)) return E.right(fit(kept, room))
      return whenAnswered(make(), (made): Answer<Output> => {
        if (E.isLeft(made)) return made
        const output = fit(made.right, room)
        if (typeof output === 'number') {
          kept = made.right
          of = input.slice()
        }
        return E.right(output)
      })
    },
  }
}

const isStreamed = ({ algorithm }: MechanismFacts): boolean =>
  algorithm === 'aes-ecb' || algorithm === 'aes-cbc' || algorithm === 'aes-cbc-pad' || algorithm === 'aes-ctr'

/**
 * Encryption or decryption, one-part or in parts, on top of HSM operations that remember nothing. `EncryptUpdate` with
 * a one-part mechanism is CKR_MECHANISM_INVALID (AES-GCM: "Known issues for the PKCS #11 library").
 */
export const cipherOperation = (operation: KeyOperation, direction: Direction): CipherOperation => {
  const { application, key, mechanism, facts } = operation
  const call: CipherCall = (of, input) => application[direction](key.handle, of, input)
  const keeper = createKeeper()
  let stream: BlockStream | undefined

  const streaming = (): BlockStream => {
    stream ??= createBlockStream(call, mechanism, facts.algorithm, direction)
    return stream
  }
  const compute = (input: Uint8Array): Reply<Uint8Array> =>
    isStreamed(facts)
      ? createBlockStream(call, mechanism, facts.algorithm, direction).all(input)
      : call(mechanism, input)

  const NOTHING = new Uint8Array(0)
  const tooLong = direction === 'encrypt' ? refuse('CKR_DATA_LEN_RANGE') : refuse('CKR_ENCRYPTED_DATA_LEN_RANGE')

  return {
    whole: (input, room) => {
      if (stream !== undefined) return refuse('CKR_OPERATION_ACTIVE')
      if (facts.limitBytes !== undefined && facts.algorithm !== 'aes-gcm' && input.length > facts.limitBytes)
        return tooLong
      const { exact, bytes } = outputLength(operation, direction, input.length)
      if (room === undefined || (exact && room < bytes)) return E.right(bytes)
      return keeper.hand(input, room, () => compute(input))
    },
    update: (part, room) => {
      if (!isStreamed(facts)) return refuse('CKR_MECHANISM_INVALID')
      const length = streaming().lengthAfter(part.length)
      return room === undefined || room < length ? E.right(length) : streaming().update(part)
    },
    final: (room) => {
      if (!isStreamed(facts)) return refuse('CKR_MECHANISM_INVALID')
      const { exact, bytes } = streaming().finalLength()
      if (bytes > 0 && (room === undefined || (exact && room < bytes))) return E.right(bytes)
      return keeper.hand(NOTHING, room ?? 0, () => streaming().final())
    },
  }
}
