import * as E from 'fp-ts/lib/Either.js'
import type { ByteConnection, ByteReceiver, ByteServer, Logger } from '@hsmlab/ports'
import { type Answer, refuse, type Reply } from '../answer.ts'
import type { CryptokiConnection } from '../connection-face.ts'
import { formOf } from './attribute-forms.ts'
import { type Call, CALLS, type CallName, ERROR_CALL, ERROR_TEXT, type ResponseOf } from './calls.ts'
import { type Dialect, DIALECTS, GENERATION_MAX, type Generation, generationOf } from './dialect.ts'
import { createFrameReader, FRAME_HEADER_SIZE } from './frames.ts'
import { HANDLERS } from './handlers.ts'
import { ckrValue } from './return-value.ts'
import { createWireReader, type WireReader } from './wire-reader.ts'
import { createWireWriter, type WireWriter } from './wire-writer.ts'

/** Requests under way on one connection; above it, nothing more is read until some are answered. */
const REQUESTS_UNDER_WAY_MAX = 1_024

type Handler = (connection: CryptokiConnection, ...values: ReadonlyArray<unknown>) => Reply<unknown>
type Served = Readonly<{ name: CallName; call: Call; handler: Handler | undefined }>

const NAMES = Object.keys(CALLS) as ReadonlyArray<CallName>

/** By call number; a number without a row is a call of a library newer than this table. */
const BY_NUMBER: ReadonlyArray<Served | undefined> = NAMES.reduce<Array<Served | undefined>>((table, name) => {
  table[CALLS[name].number] = { name, call: CALLS[name], handler: HANDLERS[name] as Handler | undefined }
  return table
}, [])

const writeFrame = (
  writer: WireWriter,
  code: number,
  dialect: Dialect,
  callNumber: number,
  text: Uint8Array,
  writeValues: () => void,
): Uint8Array => {
  writer.begin(dialect)
  writer.u32(code)
  writer.u32(0)
  writer.u32(0)
  writer.u32(callNumber)
  writer.string(text)
  writeValues()
  writer.patchU32(8, writer.length() - FRAME_HEADER_SIZE)
  return writer.finish()
}

const errorFrame = (writer: WireWriter, code: number, dialect: Dialect, returnValue: number): Uint8Array =>
  writeFrame(writer, code, dialect, ERROR_CALL, ERROR_TEXT, () => writer.u64(returnValue))

/** What a body asks for; `malformed`: no client library of this dialect wrote it. */
type Request = Readonly<{ served: Served; values: ReadonlyArray<unknown> }>
type Decoded = Request | 'malformed' | Answer<never>

const decode = (reader: WireReader, source: Uint8Array, from: number, to: number, dialect: Dialect): Decoded => {
  reader.reset(source, from, to, dialect)
  const number = reader.u32()
  const length = reader.u32()
  if (reader.failed()) return 'malformed'
  const served = BY_NUMBER[number]
  if (served === undefined) return refuse('CKR_FUNCTION_NOT_SUPPORTED')
  const { requestText } = served.call
  if (length !== requestText.length || !reader.skip(requestText)) return 'malformed'
  const values = served.call.readRequest(reader)
  const refusal = reader.refusal()
  if (refusal !== undefined) return refuse(refusal)
  return reader.finished() ? { served, values } : 'malformed'
}

/**
 * Libraries up to 0.25.3 fail a whole C_GetAttributeValue, and say CKR_DEVICE_ERROR, when a template-typed attribute
 * stands in its answer, be it marked as missing. They get the return value alone.
 */
const readable = (dialect: Dialect, { name }: Served, result: Answer<unknown>): Answer<unknown> => {
  if (name !== 'C_GetAttributeValue' || dialect.nestedRooms || E.isLeft(result)) return result
  const { attributes, code } = result.right as ResponseOf<typeof name>
  const isUnreadable = attributes.some(({ type }) => formOf(type, dialect) === 'template')
  return isUnreadable && code !== 'CKR_OK' ? refuse(code) : result
}

/** Answers one client library, from its first byte to its end. */
const serveClient = (peer: ByteConnection, cryptoki: CryptokiConnection, logger: Logger): ByteReceiver => {
  const frames = createFrameReader()
  const reader = createWireReader()
  const writer = createWireWriter()
  let generation: Generation | undefined
  let dialect: Dialect = DIALECTS[0][0]
  let underWay = 0
  let open = true

  const answer = (code: number, served: Served, answered: Answer<unknown>): void => {
    if (!open) return
    const { call } = served
    const result = readable(dialect, served, answered)
    const frame = E.isLeft(result)
      ? errorFrame(writer, code, dialect, ckrValue(result.left._tag))
      : writeFrame(writer, code, dialect, call.number, call.responseText, () =>
          call.writeResponse(writer, result.right),
        )
    peer.send(frame)
  }

  /** A defect of ours ends one call of one program, not the process that serves them all. */
  const defect = (name: CallName, cause: unknown): Answer<never> => {
    logger.log('error', 'a PKCS#11 call hit a defect', { call: name, cause: String(cause) })
    return refuse('CKR_GENERAL_ERROR')
  }

  const start = ({ served, values }: Request): Reply<unknown> => {
    if (served.handler === undefined) return refuse('CKR_FUNCTION_NOT_SUPPORTED')
    try {
      return served.handler(cryptoki, ...values)
    } catch (cause) {
      return defect(served.name, cause)
    }
  }

  const run = (code: number, request: Request): void => {
    const reply = start(request)
    if (!(reply instanceof Promise)) return answer(code, request.served, reply)
    underWay += 1
    if (underWay === REQUESTS_UNDER_WAY_MAX) peer.pause()
    const settle = (result: Answer<unknown>): void => {
      if (underWay === REQUESTS_UNDER_WAY_MAX) peer.resume()
      underWay -= 1
      answer(code, request.served, result)
    }
    reply.then(settle, (cause: unknown) => settle(defect(request.served.name, cause)))
  }

  const request = (source: Uint8Array, from: number, to: number): Decoded => {
    const first = decode(reader, source, from, to, dialect)
    if (first !== 'malformed' || generation === undefined) return first
    for (const candidate of DIALECTS[generation]) {
      if (candidate === dialect) continue
      const next = decode(reader, source, from, to, candidate)
      if (next === 'malformed') continue
      dialect = candidate
      return next
    }
    return 'malformed'
  }

  const onFrame = (code: number, source: Uint8Array, from: number, to: number): void => {
    if (!open) return
    const decoded = request(source, from, to)
    if (decoded === 'malformed') {
      logger.log('warn', 'a PKCS#11 request could not be decoded', { bytes: to - from })
      peer.send(errorFrame(writer, code, dialect, ckrValue('CKR_DEVICE_ERROR')))
    } else if ('_tag' in decoded) {
      const refusal = E.isLeft(decoded) ? decoded.left._tag : 'CKR_GENERAL_ERROR'
      peer.send(errorFrame(writer, code, dialect, ckrValue(refusal)))
    } else {
      run(code, decoded)
    }
  }

  /** The byte that a client library sends first, and our answer. */
  const negotiate = (chunk: Uint8Array): Uint8Array => {
    generation = generationOf(chunk[0] ?? 0)
    dialect = DIALECTS[generation][0]
    peer.send(Uint8Array.of(Math.min(generation, GENERATION_MAX)))
    return chunk.subarray(1)
  }

  const close = (): void => {
    if (!open) return
    open = false
    void cryptoki.close()
  }

  return {
    receive: (chunk) => {
      if (!open || chunk.length === 0) return
      const fault = frames.push(generation === undefined ? negotiate(chunk) : chunk, onFrame)
      if (fault === undefined) return
      logger.log('warn', 'a PKCS#11 connection broke the rules of its wire and was dropped', { fault })
      close()
      peer.close()
    },
    closed: close,
  }
}

/**
 * Serves p11-kit's client library (`p11-kit-client.so`) on a stream socket: bytes in, bytes out. Each connection is
 * one program. A body that cannot be decoded is answered with CKR_DEVICE_ERROR, what the library itself answers to
 * such a body; a stream that cannot be cut into frames any more is dropped. Neither reaches another connection.
 */
export const servePkcs11 =
  (openConnection: () => CryptokiConnection, logger: Logger): ByteServer =>
  (peer) =>
    serveClient(peer, openConnection(), logger)
