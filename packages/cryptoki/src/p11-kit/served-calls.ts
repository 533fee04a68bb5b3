import { type Answer, refuse, type Reply } from '../answer.ts'
import type { CryptokiConnection } from '../connection-face.ts'
import { type Call, CALLS, type CallName } from './calls.ts'
import { type Dialect, DIALECTS, type Generation } from './dialect.ts'
import { HANDLERS } from './handlers.ts'
import type { WireReader } from './wire-reader.ts'

type Handler = (connection: CryptokiConnection, ...values: ReadonlyArray<unknown>) => Reply<unknown>

/** A call, and what serves it; no `handler`: CloudHSM's library does not support it. */
export type ServedCall = Readonly<{ name: CallName; call: Call; handler: Handler | undefined }>

const NAMES = Object.keys(CALLS) as ReadonlyArray<CallName>

/** By call number; a number without a row is a call of a library newer than the table. */
const BY_NUMBER: ReadonlyArray<ServedCall | undefined> = NAMES.reduce<Array<ServedCall | undefined>>((table, name) => {
  table[CALLS[name].number] = { name, call: CALLS[name], handler: HANDLERS[name] as Handler | undefined }
  return table
}, [])

export type Request = Readonly<{ served: ServedCall; values: ReadonlyArray<unknown> }>
/** What a body asks for. `malformed`: no client library of this dialect wrote it. */
export type DecodedRequest = Request | 'malformed' | Answer<never>

/** Reads the body of a request: call number, signature text, values. */
export const decodeRequest = (
  reader: WireReader,
  source: Uint8Array,
  from: number,
  to: number,
  dialect: Dialect,
): DecodedRequest => {
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

/** Tries the dialects of the libraries that send this byte, `spoken` first; says which one fitted. */
export const decodeInSomeDialect = (
  reader: WireReader,
  source: Uint8Array,
  from: number,
  to: number,
  generation: Generation,
  spoken: Dialect,
): Readonly<{ decoded: DecodedRequest; dialect: Dialect }> => {
  const decoded = decodeRequest(reader, source, from, to, spoken)
  if (decoded !== 'malformed') return { decoded, dialect: spoken }
  for (const dialect of DIALECTS[generation]) {
    const next = dialect === spoken ? 'malformed' : decodeRequest(reader, source, from, to, dialect)
    if (next !== 'malformed') return { decoded: next, dialect }
  }
  return { decoded, dialect: spoken }
}
