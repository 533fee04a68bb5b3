import { randomBytes, randomInt } from 'node:crypto'
import { createConnection } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'

/** How long a hostile client waits for an answer, or for being thrown out. */
const LISTEN_MILLIS = 300

/** Sends bytes to a socket and hangs up after a while; resolves to what came back, and whether it was thrown out. */
export const poke = async (path: string, ...chunks: ReadonlyArray<Uint8Array>) => {
  const received: Buffer[] = []
  const socket = createConnection(path)
  let closed = false
  socket.on('data', (chunk) => received.push(chunk))
  socket.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => {
    socket.on('close', () => {
      closed = true
      resolve()
    })
  })
  for (const chunk of chunks) socket.write(chunk)
  await Promise.race([ended, after(LISTEN_MILLIS)])
  const thrownOut = closed
  socket.destroy()
  return { received: Buffer.concat(received), thrownOut }
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A frame of p11-kit's wire: code, lengths of options and body, then both. */
export const p11Frame = (code: number, body: Buffer, claimed = body.length): Buffer =>
  Buffer.concat([u32(code), u32(0), u32(claimed), body])

export const p11Call = (number: number, signature: string, values: Buffer): Buffer =>
  Buffer.concat([u32(number), u32(signature.length), Buffer.from(signature), values])

/** Streams that no client library writes: each begins with the byte of a generation. */
export const hostileP11Streams = (): ReadonlyArray<readonly [string, ReadonlyArray<Uint8Array>]> => {
  const hello = Buffer.of(randomInt(256))
  const random = Array.from({ length: 12 }, () => randomBytes(randomInt(1, 5000)))
  const halfFrame = p11Frame(17, randomBytes(100), 1000)
  return [
    ['nothing', []],
    ['a byte', [hello]],
    ['random bytes', [hello, ...random]],
    ['random bytes one by one', [...randomBytes(40)].map((byte) => Buffer.of(byte))],
    ['a frame that never ends', [hello, halfFrame]],
    ['a frame of four gigabytes', [hello, p11Frame(18, Buffer.alloc(10), 0xffff_ffff)]],
    ['options of a gigabyte', [hello, u32(18), u32(0x4000_0000), u32(0)]],
    ['code zero', [hello, p11Frame(0, p11Call(1, 'ayyay', Buffer.alloc(20)))]],
    ['an empty body', [hello, p11Frame(19, Buffer.alloc(0))]],
    ['an unknown call', [hello, p11Frame(20, p11Call(250, '', Buffer.alloc(0)))]],
    ['a wrong signature', [hello, p11Frame(21, p11Call(43, 'ayfy', randomBytes(60)))]],
    ['a signature of a megabyte', [hello, p11Frame(22, p11Call(43, 'u'.repeat(1_000_000), Buffer.alloc(8)))]],
    ['a list of four billion', [hello, p11Frame(23, p11Call(26, 'uaA', Buffer.alloc(12, 0xff)))]],
    ['a call before C_Initialize', [hello, p11Frame(24, p11Call(13, 'u', Buffer.alloc(8, 0xff)))]],
    ['ten thousand tiny frames', [hello, ...Array.from({ length: 10_000 }, (_, i) => p11Frame(i + 1, randomBytes(9)))]],
    ['fifteen megabytes of zeros', [hello, p11Frame(25, Buffer.alloc(15 * 1024 * 1024))]],
    ['every call with random values', [hello, ...everyCall()]],
  ]
}

/** Every call number with the rest of the frame at random. */
const everyCall = (): ReadonlyArray<Buffer> =>
  Array.from({ length: 100 }, (_, number) =>
    p11Frame(number + 100, p11Call(number, 'u'.repeat(number % 5), randomBytes(randomInt(64)))),
  )

/** Lines that no tool of ours writes. */
export const hostileLines = (): ReadonlyArray<readonly [string, ReadonlyArray<Uint8Array>]> => [
  ['random bytes', Array.from({ length: 10 }, () => randomBytes(2000))],
  ['no JSON', [Buffer.from('hello\n')]],
  ['no object', [Buffer.from('[]\n1\nnull\n"x"\n')]],
  ['an unknown method', [Buffer.from('{"id":1,"method":"launch","params":{}}\n')]],
  [
    'a method of every object',
    [Buffer.from('{"id":1,"method":"constructor","params":{}}\n{"id":2,"method":"__proto__"}\n')],
  ],
  ['wrong params', [Buffer.from('{"id":1,"method":"login","params":{"username":7}}\n')]],
  ['no id', [Buffer.from('{"method":"status","params":{}}\n')]],
  ['deep nesting', [Buffer.from(`${'['.repeat(200_000)}\n`)]],
  ['a line that never ends', [Buffer.alloc(3 * 1024 * 1024, 0x20)]],
  ['a line of UTF-16', [Buffer.from('{"id":1,"method":"status","params":{}}\n', 'utf16le')]],
  ['ten thousand requests', [Buffer.from('{"id":5,"method":"nothing","params":{}}\n'.repeat(10_000))]],
]
