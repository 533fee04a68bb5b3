/** A running hash over everything that happened: two runs of one seed must come to the same one. */
export interface TraceHash {
  readonly addBytes: (bytes: Uint8Array) => void
  readonly addText: (text: string) => void
  readonly addNumber: (value: number) => void
  /** 16 hexadecimal digits. */
  readonly digest: () => string
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')

/** Two multiplicative hashes of 32 bits (FNV-1a and a sibling): quick, and no protection against anybody. */
export const traceHash = (): TraceHash => {
  let a = 0x811c9dc5
  let b = 0x9747b28c
  const add = (value: number): void => {
    a = Math.imul(a ^ value, 0x01000193)
    b = Math.imul(b ^ (value + 1), 0x85ebca6b)
    b ^= b >>> 15
  }
  const number = new DataView(new ArrayBuffer(8))
  const words = new Int32Array(number.buffer)
  return {
    addBytes: (bytes) => {
      for (const byte of bytes) add(byte)
      add(bytes.length)
    },
    addText: (text) => {
      for (let i = 0; i < text.length; i += 1) add(text.charCodeAt(i))
      add(text.length)
    },
    addNumber: (value) => {
      number.setFloat64(0, value)
      for (const word of words) add(word)
    },
    digest: () => hex(a) + hex(b),
  }
}
