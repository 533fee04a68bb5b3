import { fc, testProp } from '@fast-check/ava'
import test from 'ava'
import { BODY_SIZE_MAX, createFrameReader, type FrameFault, OPTIONS_SIZE_MAX } from '../../src/p11-kit/frames.ts'

type Frame = Readonly<{ code: number; options: Uint8Array; body: Uint8Array }>

const frame: fc.Arbitrary<Frame> = fc.record({
  code: fc.integer({ min: 1, max: 0xffff_ffff }),
  options: fc.uint8Array({ maxLength: 8 }),
  body: fc.uint8Array({ maxLength: 300 }),
})

const header = (code: number, options: number, body: number): Uint8Array => {
  const bytes = new Uint8Array(12)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, code)
  view.setUint32(4, options)
  view.setUint32(8, body)
  return bytes
}

const encode = ({ code, options, body }: Frame): Uint8Array =>
  new Uint8Array(Buffer.concat([header(code, options.length, body.length), options, body]))

/** The frames that come out of `stream`, cut at `cuts`, each taken at once as its receiver takes it. */
const receive = (stream: Uint8Array, cuts: ReadonlyArray<number>) => {
  const reader = createFrameReader()
  const frames: Array<Readonly<{ code: number; body: Uint8Array }>> = []
  const edges = [...new Set([0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length])].sort((a, b) => a - b)
  let fault: FrameFault | undefined
  for (const [index, from] of edges.entries()) {
    fault ??= reader.push(stream.slice(from, edges[index + 1] ?? from), (code, source, start, end) => {
      frames.push({ code, body: source.subarray(start, end) })
    })
  }
  return { frames, fault, waiting: reader.waiting() }
}

testProp(
  'frames come out whole and in order, wherever the stream is cut',
  [fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 20 })],
  (t, frames, cuts) => {
    const stream = new Uint8Array(Buffer.concat(frames.map(encode)))
    const received = receive(stream, cuts)
    t.deepEqual(
      received.frames,
      frames.map(({ code, body }) => ({ code, body })),
    )
    t.is(received.waiting, 0)
  },
)

testProp(
  'random bytes never throw',
  [fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(), { maxLength: 5 })],
  (t, stream, cuts) => {
    t.notThrows(() => receive(stream, cuts))
  },
)

test('a frame that waits is read no further than its header before its size is refused', (t) => {
  const faultOf = (bytes: Uint8Array) => receive(bytes, []).fault
  t.is(faultOf(header(0, 0, 0)), 'code is 0')
  t.is(faultOf(header(16, OPTIONS_SIZE_MAX + 1, 0)), 'options too long')
  t.is(faultOf(header(16, 0, BODY_SIZE_MAX + 1)), 'body too long')
  t.is(faultOf(header(16, OPTIONS_SIZE_MAX, BODY_SIZE_MAX)), undefined)
})

test('what was joined from pieces leaves nothing behind in the pieces', (t) => {
  const reader = createFrameReader()
  const secret = encode({ code: 16, options: new Uint8Array(0), body: new Uint8Array(20).fill(7) })
  const pieces = [secret.slice(0, 20), secret.slice(20)]
  for (const piece of pieces) reader.push(piece, () => undefined)
  t.true(pieces.every((piece) => piece.every((byte) => byte === 0)))
})
