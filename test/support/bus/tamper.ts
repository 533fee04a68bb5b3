import { randomBytes, randomInt } from 'node:crypto'

/** The largest message that a NATS server takes by default, without its headers. */
const SIZE_MAX = 1_000_000

/** One byte is another one. */
export const flipped = (data: Buffer): Buffer => {
  const copy = Buffer.from(data)
  const at = randomInt(Math.max(copy.length, 1))
  if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ randomInt(1, 256)
  return copy
}

/** Its end is missing. */
export const truncated = (data: Buffer): Buffer => data.subarray(0, randomInt(Math.max(data.length, 1)))

/** As long as a message can be. */
export const oversized = (data: Buffer): Buffer => Buffer.concat([data, randomBytes(SIZE_MAX - data.length)])
