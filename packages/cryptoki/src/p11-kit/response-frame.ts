import * as E from 'fp-ts/lib/Either.js'
import { type Answer, refuse } from '../answer.ts'
import { formOf } from './attribute-forms.ts'
import { ERROR_CALL, ERROR_TEXT, type ResponseOf } from './calls.ts'
import type { Dialect } from './dialect.ts'
import { FRAME_HEADER_SIZE } from './frames.ts'
import { ckrValue } from './return-value.ts'
import type { ServedCall } from './served-calls.ts'
import type { WireWriter } from './wire-writer.ts'

const BODY_LENGTH_AT = 8

/** Code, no options, and a body of call number and signature text; the values follow. */
const begin = (writer: WireWriter, code: number, dialect: Dialect, number: number, text: Uint8Array): void => {
  writer.begin(dialect)
  writer.u32(code)
  writer.u32(0)
  writer.u32(0)
  writer.u32(number)
  writer.string(text)
}

const finish = (writer: WireWriter): Uint8Array => {
  writer.patchU32(BODY_LENGTH_AT, writer.length() - FRAME_HEADER_SIZE)
  return writer.finish()
}

export const errorFrame = (
  writer: WireWriter,
  code: number,
  dialect: Dialect,
  returnValue: Parameters<typeof ckrValue>[0],
): Uint8Array => {
  begin(writer, code, dialect, ERROR_CALL, ERROR_TEXT)
  writer.u64(ckrValue(returnValue))
  return finish(writer)
}

/**
 * Libraries up to 0.25.3 fail a whole C_GetAttributeValue, and say CKR_DEVICE_ERROR, when a template-typed attribute
 * stands in its answer, be it marked as missing. They get the return value alone.
 */
const readable = (dialect: Dialect, { name }: ServedCall, result: Answer<unknown>): Answer<unknown> => {
  if (name !== 'C_GetAttributeValue' || dialect.nestedRooms || E.isLeft(result)) return result
  const { attributes, code } = result.right as ResponseOf<typeof name>
  const isUnreadable = attributes.some(({ type }) => formOf(type, dialect) === 'template')
  return isUnreadable && code !== 'CKR_OK' ? refuse(code) : result
}

/** The frame of an answer: the values of the call, or its return value in an error response. */
export const responseFrame = (
  writer: WireWriter,
  code: number,
  dialect: Dialect,
  served: ServedCall,
  answer: Answer<unknown>,
): Uint8Array => {
  const result = readable(dialect, served, answer)
  if (E.isLeft(result)) return errorFrame(writer, code, dialect, result.left._tag)
  const { number, responseText, writeResponse } = served.call
  begin(writer, code, dialect, number, responseText)
  writeResponse(writer, result.right)
  return finish(writer)
}
