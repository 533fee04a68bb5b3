import * as E from 'fp-ts/lib/Either.js'
import type { ByteConnection, ByteReceiver, ByteServer, Logger } from '@hsmlab/ports'
import { type Answer, refuse, type Reply } from '../answer.ts'
import type { CryptokiConnection } from '../connection-face.ts'
import type { CallName } from './calls.ts'
import { type Dialect, DIALECTS, type Generation, generationOf } from './dialect.ts'
import { createFrameReader } from './frames.ts'
import { errorFrame, responseFrame } from './response-frame.ts'
import { decodeInSomeDialect, type Request } from './served-calls.ts'
import { createWireReader } from './wire-reader.ts'
import { createWireWriter } from './wire-writer.ts'

/** Requests under way on one connection; above it, nothing more is read until some are answered. */
const REQUESTS_UNDER_WAY_MAX = 1_024

/** Answers one client library, from its first byte to its end. */
const serveClient = (peer: ByteConnection, cryptoki: CryptokiConnection, logger: Logger): ByteReceiver => {
  const frames = createFrameReader()
  const reader = createWireReader()
  const writer = createWireWriter()
  let generation: Generation | undefined
  let dialect: Dialect = DIALECTS[0][0]
  let underWay = 0
  let malformed = 0
  let open = true

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
    const { served } = request
    const answer = (result: Answer<unknown>): void => {
      if (open) peer.send(responseFrame(writer, code, dialect, served, result))
    }
    const reply = start(request)
    if (!(reply instanceof Promise)) return answer(reply)
    underWay += 1
    if (underWay === REQUESTS_UNDER_WAY_MAX) peer.pause()
    const settle = (result: Answer<unknown>): void => {
      if (underWay === REQUESTS_UNDER_WAY_MAX) peer.resume()
      underWay -= 1
      answer(result)
    }
    reply.then(settle, (cause: unknown) => settle(defect(served.name, cause)))
  }

  /** Answered as the client library itself answers what it cannot decode; said once, counted after that. */
  const refuseMalformed = (code: number, bytes: number): void => {
    if (malformed === 0) logger.log('warn', 'a PKCS#11 request could not be decoded', { bytes })
    malformed += 1
    peer.send(errorFrame(writer, code, dialect, 'CKR_DEVICE_ERROR'))
  }

  const onFrame = (code: number, source: Uint8Array, from: number, to: number): void => {
    if (!open) return
    const request = decodeInSomeDialect(reader, source, from, to, generation ?? 0, dialect)
    const { decoded } = request
    dialect = request.dialect
    if (decoded === 'malformed') refuseMalformed(code, to - from)
    else if ('served' in decoded) run(code, decoded)
    else if (E.isLeft(decoded)) peer.send(errorFrame(writer, code, dialect, decoded.left._tag))
  }

  /** The byte that a client library sends first, and our answer. */
  const negotiate = (chunk: Uint8Array): Uint8Array => {
    generation = generationOf(chunk[0] ?? 0)
    dialect = DIALECTS[generation][0]
    peer.send(Uint8Array.of(generation))
    return chunk.subarray(1)
  }

  const close = (): void => {
    if (!open) return
    open = false
    if (malformed > 1) logger.log('warn', 'PKCS#11 requests could not be decoded', { requests: malformed })
    cryptoki.close().catch((cause: unknown) => defect('C_Finalize', cause))
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
