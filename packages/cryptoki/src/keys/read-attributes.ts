import type { KeyTemplate } from '@hsmlab/domain'
import { CKA, type CkrName } from '@hsmlab/pkcs11'
import {
  type Attribute,
  type AttributeReading,
  type AttributeReadings,
  type AttributeRoom,
  type AttributeValue,
  lengthOf,
} from '../attribute.ts'
import { fromKeyValue, type KeyAttributeName, keyAttributeName, toKeyValue } from './attribute-values.ts'
import type { KeyShape } from './key-shape.ts'
import { readability } from './readable.ts'

/** A key that can be read: its attributes, and what they make it. */
export type ReadableKey = Readonly<{ attributes: KeyTemplate; shape: KeyShape }>

const shownValue = ({ attributes, shape }: ReadableKey, type: number): AttributeValue | undefined => {
  if (type === CKA.CKA_SIGN_RECOVER || type === CKA.CKA_VERIFY_RECOVER) return false
  if (type === CKA.CKA_MODULUS_BITS) return shape.bits
  const name = keyAttributeName(type)
  return name === undefined ? undefined : fromKeyValue(name, attributes)
}

type Finding = Readonly<{ reading: AttributeReading; code: CkrName }>

const unavailable = (type: number, code: CkrName): Finding => ({
  reading: { type, length: undefined, value: undefined },
  code,
})

const read = (key: ReadableKey, { type, room }: AttributeRoom): Finding => {
  const readable = readability(type, key.shape.kind)
  if (readable === 'sensitive') return unavailable(type, 'CKR_ATTRIBUTE_SENSITIVE')
  const value = readable === 'shown' ? shownValue(key, type) : undefined
  if (value === undefined) return unavailable(type, 'CKR_ATTRIBUTE_TYPE_INVALID')
  const length = lengthOf(value)
  if (room === undefined) return { reading: { type, length, value: undefined }, code: 'CKR_OK' }
  if (room < length) return { reading: { type, length, value: undefined }, code: 'CKR_BUFFER_TOO_SMALL' }
  return { reading: { type, length, value }, code: 'CKR_OK' }
}

/** Of several reasons the first here is told; the attributes show the others (PKCS#11 v2.40 §5.7). */
const REASONS: ReadonlyArray<CkrName> = [
  'CKR_ATTRIBUTE_SENSITIVE',
  'CKR_ATTRIBUTE_TYPE_INVALID',
  'CKR_BUFFER_TOO_SMALL',
]

/** What C_GetAttributeValue answers: what can be read is, whatever stands beside it. */
export const readAttributes = (key: ReadableKey, rooms: ReadonlyArray<AttributeRoom>): AttributeReadings => {
  const findings = rooms.map((room) => read(key, room))
  return {
    attributes: findings.map(({ reading }) => reading),
    code: REASONS.find((reason) => findings.some(({ code }) => code === reason)) ?? 'CKR_OK',
  }
}

/** The value that `name` would have on a key that matches; `undefined`: no key can match. */
const wanted = (attribute: Attribute): Readonly<{ name: KeyAttributeName; value: unknown }> | undefined => {
  const name = keyAttributeName(attribute.type)
  const value = name === undefined ? undefined : toKeyValue(name, attribute.value)
  return name === undefined || value === undefined ? undefined : { name, value }
}

/** What an HSM can be asked for; `undefined`: no key of it matches such a template. */
export const searchFilter = (template: ReadonlyArray<Attribute>): KeyTemplate | undefined => {
  const filter: Partial<Record<KeyAttributeName, unknown>> = {}
  for (const attribute of template) {
    const entry = wanted(attribute)
    if (entry === undefined) return undefined
    if (entry.name in filter && filter[entry.name] !== entry.value) return undefined
    filter[entry.name] = entry.value
  }
  return filter as KeyTemplate
}

/** A search finds what a program could read: an attribute that is not shown matches nothing. */
export const isVisibleTo = (template: ReadonlyArray<Attribute>, { shape }: ReadableKey): boolean =>
  template.every(({ type }) => readability(type, shape.kind) === 'shown')
