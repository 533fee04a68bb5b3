import * as E from 'fp-ts/lib/Either.js'
import type { Algorithm } from '@hsmlab/crypto'
import { CKM, type Mechanism } from '@hsmlab/pkcs11'
import { type Answer, refuse, type Reply } from '../answer.ts'
import { EMPTY } from '../output.ts'
import type { CipherCall, Direction } from './cipher.ts'

const BLOCK = 16
/** The most that one HSM operation takes (CKM_AES_CBC, "Supported mechanisms for the PKCS #11 library"). */
const PIECE_BYTES_MAX = 16_272

/**
 * A block cipher over a message in parts: each piece is one operation of the HSM, and what chains them (the last
 * ciphertext block, the counter) is carried from one to the next here.
 */
export interface BlockStream {
  /** How many bytes `update` of so many will give. */
  readonly lengthAfter: (partLength: number) => number
  readonly update: (part: Uint8Array) => Reply<Uint8Array>
  /** How many bytes `final` will give: exactly, or at most. */
  readonly finalLength: () => Readonly<{ exact: boolean; bytes: number }>
  readonly final: () => Reply<Uint8Array>
  /** Update and final in one. */
  readonly all: (message: Uint8Array) => Reply<Uint8Array>
}

const join = (one: Uint8Array, other: Uint8Array): Uint8Array => {
  if (one.length === 0) return other
  const both = new Uint8Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}

/** `block` with its last `bits` bits, as a number, `count` higher; they wrap by themselves. */
export const counterAfter = (block: Uint8Array, bits: number, count: number): Uint8Array => {
  const next = block.slice()
  let carry = count
  for (let i = BLOCK - 1, left = bits; left > 0 && carry > 0; i--, left -= 8) {
    const mask = left >= 8 ? 0xff : (1 << left) - 1
    const old = next[i] ?? 0
    const sum = (old & mask) + carry
    next[i] = (old & ~mask) | (sum & mask)
    carry = Math.floor(sum / (mask + 1))
  }
  return next
}

export const createBlockStream = (
  call: CipherCall,
  mechanism: Mechanism,
  algorithm: Algorithm,
  direction: Direction,
): BlockStream => {
  const isPadded = algorithm === 'aes-cbc-pad'
  const isCounter = algorithm === 'aes-ctr'
  let held = EMPTY
  let chained = mechanism
  /** Bytes of the current counter block that are used up. */
  let offset = 0
  let blocksLeft = mechanism.parameter._tag === 'ctr' ? 2 ** mechanism.parameter.counterBits : Infinity

  const lengthRange = direction === 'encrypt' ? refuse('CKR_DATA_LEN_RANGE') : refuse('CKR_ENCRYPTED_DATA_LEN_RANGE')

  /** What stays behind of `total` bytes: less than a block, or the last block of what is padded. */
  const heldOf = (total: number): number => {
    if (isCounter) return 0
    const rest = total % BLOCK
    return isPadded && direction === 'decrypt' && rest === 0 && total > 0 ? BLOCK : rest
  }

  /** The mechanism of the next piece, after this one went in and came out. */
  const advance = (input: Uint8Array, output: Uint8Array): void => {
    const { parameter } = chained
    if (parameter._tag === 'iv' && input.length >= BLOCK) {
      const last = direction === 'encrypt' ? output : input
      chained = { type: chained.type, parameter: { _tag: 'iv', iv: last.slice(last.length - BLOCK) } }
    } else if (parameter._tag === 'ctr') {
      const used = offset + input.length
      const blocks = Math.floor(used / BLOCK)
      const counterBlock = counterAfter(parameter.counterBlock, parameter.counterBits, blocks)
      blocksLeft -= blocks
      chained = { type: chained.type, parameter: { ...parameter, counterBlock } }
      offset = used % BLOCK
    }
  }

  /** One operation of the HSM. A padded mechanism pads only its last piece; a counter starts in the middle of a block. */
  const piece = async (input: Uint8Array, isLast: boolean): Promise<Answer<Uint8Array>> => {
    const type = isPadded && !isLast ? CKM.CKM_AES_CBC : chained.type
    const skipped = offset
    const padded = skipped === 0 ? input : join(new Uint8Array(skipped), input)
    // A counter that came round would repeat its key stream.
    if (padded.length > blocksLeft * BLOCK) return lengthRange
    const made = await call({ type, parameter: chained.parameter }, padded)
    if (E.isLeft(made)) return made
    const output = made.right.subarray(skipped)
    advance(input, output)
    return E.right(output)
  }

  const pieces = async (input: Uint8Array, isLast: boolean): Promise<Answer<Uint8Array>> => {
    if (input.length <= PIECE_BYTES_MAX - BLOCK) return piece(input, isLast)
    const output = new Uint8Array(input.length + BLOCK)
    let filled = 0
    for (let from = 0; from < input.length; from += PIECE_BYTES_MAX - BLOCK) {
      const to = Math.min(input.length, from + PIECE_BYTES_MAX - BLOCK)
      const made = await piece(input.subarray(from, to), isLast && to === input.length)
      if (E.isLeft(made)) return made
      output.set(made.right, filled)
      filled += made.right.length
    }
    return E.right(output.subarray(0, filled))
  }

  const finish = (rest: Uint8Array): Reply<Uint8Array> => {
    const isWhole = rest.length % BLOCK === 0
    if (!isCounter && !isWhole && !(isPadded && direction === 'encrypt')) return lengthRange
    if (isPadded && direction === 'decrypt' && rest.length === 0) return lengthRange
    if (rest.length === 0 && !isPadded) return E.right(EMPTY)
    return pieces(rest, true)
  }

  return {
    lengthAfter: (partLength) => held.length + partLength - heldOf(held.length + partLength),
    update: (part) => {
      const all = join(held, part)
      const ready = all.length - heldOf(all.length)
      held = all.slice(ready)
      return ready === 0 ? E.right(EMPTY) : pieces(all.subarray(0, ready), false)
    },
    finalLength: () => {
      if (!isPadded) return { exact: true, bytes: 0 }
      return direction === 'encrypt' ? { exact: true, bytes: BLOCK } : { exact: false, bytes: BLOCK - 1 }
    },
    final: () => finish(held),
    all: (message) => finish(message),
  }
}
