import * as E from 'fp-ts/lib/Either.js'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import { type Answer, refuse } from '../answer.ts'
import { EMPTY } from '../output.ts'
import { type Call, CALLS, type CallName, ERROR_CALL, HANDSHAKE, type RequestOf, type ResponseOf } from './calls.ts'
import { type Dialect, DIALECTS, type Generation } from './dialect.ts'
import { createFrameReader, FRAME_HEADER_SIZE } from './frames.ts'
import { ckrName } from './return-value.ts'
import { createWireReader } from './wire-reader.ts'
import { createWireWriter } from './wire-writer.ts'

const MODULE_NAME = utf8Bytes('client')
/** p11-kit's client library begins to count here. */
const FIRST_CODE = 16

/**
 * The other side of the wire: what p11-kit's client library of a generation sends, and how it reads what comes back.
 * Bytes in, bytes out. A call that the connection did not outlive is CKR_DEVICE_ERROR, as with the library.
 */
export interface P11KitClient {
  readonly call: <N extends CallName>(name: N, values: RequestOf<N>) => Promise<Answer<ResponseOf<N>>>
  /** C_Initialize as the library sends it, for a program without a reserved string. */
  readonly initialize: () => Promise<Answer<void>>
  readonly receive: (chunk: Uint8Array) => void
  readonly closed: () => void
  /** The byte that the server answered to ours; `undefined` until it came. */
  readonly negotiated: () => number | undefined
}

type Pending = Readonly<{ call: Call; settle: (answer: Answer<unknown>) => void }>

export const createP11KitClient = (
  send: (bytes: Uint8Array) => void,
  generation: Generation,
  dialect: Dialect = DIALECTS[generation][0],
): P11KitClient => {
  const frames = createFrameReader()
  const reader = createWireReader()
  const writer = createWireWriter()
  const pending = new Map<number, Pending>()
  let negotiated: number | undefined
  let nextCode = FIRST_CODE
  let open = true

  const read = ({ call }: Pending, source: Uint8Array, from: number, to: number): Answer<unknown> => {
    reader.reset(source, from, to, dialect)
    const number = reader.u32()
    const isError = number === ERROR_CALL
    const text = reader.string() ?? EMPTY
    if (isError) return refuse(ckrName(reader.u64()))
    const isExpected =
      text.length === call.responseText.length && text.every((byte, i) => byte === call.responseText[i])
    if (number !== call.number || !isExpected) return refuse('CKR_DEVICE_ERROR')
    const value = call.readResponse(reader)
    return reader.finished() ? E.right(value) : refuse('CKR_DEVICE_ERROR')
  }

  const onFrame = (code: number, source: Uint8Array, from: number, to: number): void => {
    const waiting = pending.get(code)
    pending.delete(code)
    waiting?.settle(read(waiting, source, from, to))
  }

  const closed = (): void => {
    open = false
    for (const { settle } of pending.values()) settle(refuse('CKR_DEVICE_ERROR'))
    pending.clear()
  }

  const call = <N extends CallName>(name: N, values: RequestOf<N>): Promise<Answer<ResponseOf<N>>> => {
    if (!open) return Promise.resolve(refuse('CKR_DEVICE_ERROR'))
    const known = CALLS[name] as Call
    const code = nextCode++
    writer.begin(dialect)
    writer.u32(code)
    writer.u32(MODULE_NAME.length)
    writer.u32(0)
    writer.raw(MODULE_NAME)
    writer.u32(known.number)
    writer.string(known.requestText)
    known.writeRequest(writer, values)
    writer.patchU32(8, writer.length() - FRAME_HEADER_SIZE - MODULE_NAME.length)
    const answer = new Promise<Answer<ResponseOf<N>>>((resolve) => {
      pending.set(code, { call: known, settle: (settled) => resolve(settled as Answer<ResponseOf<N>>) })
    })
    send(writer.finish())
    return answer
  }

  send(Uint8Array.of(generation))
  return {
    call,
    initialize: () => call('C_Initialize', [HANDSHAKE, 0, Uint8Array.of(0)]),
    receive: (chunk) => {
      if (!open || chunk.length === 0) return
      const rest = negotiated === undefined ? chunk.subarray(1) : chunk
      negotiated ??= chunk[0]
      if (frames.push(rest, onFrame) !== undefined) closed()
    },
    closed,
    negotiated: () => negotiated,
  }
}
