import type { CkrName } from '@hsmlab/pkcs11'

/**
 * The value of an attribute, as its form in PKCS#11 is: CK_BBOOL, CK_ULONG, bytes, a nested template, or a list of
 * mechanism types. Wires that do not know an attribute's form give its bytes, integers little-endian.
 */
export type AttributeValue =
  | boolean
  | number
  | Uint8Array
  | Readonly<{ _tag: 'template'; attributes: ReadonlyArray<Attribute> }>
  | Readonly<{ _tag: 'mechanisms'; types: ReadonlyArray<number> }>

/** One CK_ATTRIBUTE of a template. */
export type Attribute = Readonly<{ type: number; value: AttributeValue }>

/** One attribute that C_GetAttributeValue asks for; no `room`: only its length is wanted. */
export type AttributeRoom = Readonly<{
  type: number
  room: number | undefined
  nested?: ReadonlyArray<AttributeRoom>
}>

/**
 * One attribute as C_GetAttributeValue gives it back. No `length`: CK_UNAVAILABLE_INFORMATION; a length and no value:
 * the room did not suffice, or was not there.
 */
export type AttributeReading = Readonly<{
  type: number
  length: number | undefined
  value: AttributeValue | undefined
}>

/** `code`: CKR_OK, or why some attributes are missing (PKCS#11 v2.40 §5.7 C_GetAttributeValue). */
export type AttributeReadings = Readonly<{ attributes: ReadonlyArray<AttributeReading>; code: CkrName }>

export const ULONG_SIZE = 8

/** CK_UNAVAILABLE_INFORMATION and every other CK_ULONG of all ones; larger than any handle. */
export const UNAVAILABLE = 2 ** 64

/** The length that an application sees, in bytes. */
export const lengthOf = (value: AttributeValue): number => {
  if (typeof value === 'boolean') return 1
  if (typeof value === 'number') return ULONG_SIZE
  if (value instanceof Uint8Array) return value.length
  return value._tag === 'mechanisms' ? value.types.length * ULONG_SIZE : value.attributes.length * 3 * ULONG_SIZE
}
