import type * as t from 'io-ts'
import { curveOfEcParams } from '@hsmlab/crypto'
import type { KeyTemplate } from '@hsmlab/domain'
import { type Base64, fromBase64, type Json, utf8Text } from '@hsmlab/event-sourcing'
import type { LocalKey } from '@hsmlab/protocol/local'
import { FLAGS } from './attributes.ts'
import { hexText } from './hex.ts'
import { CLASS_NAMES, CURVES_BY_NAME, KEY_TYPE_NAMES, nameFor } from './names.ts'
import { ecPrivateSize, ecPublicSize, rsaPrivateSize, rsaPublicSize } from './object-size.ts'

export type LocalKeyView = t.TypeOf<typeof LocalKey>

/** `0x` and 16 hex digits. */
export const keyReference = (handle: number): string => `0x${handle.toString(16).padStart(16, '0')}`

const EMPTY = '' as Base64

const labelText = (label: Base64): string => utf8Text(fromBase64(label)) ?? hexText(label)

const curveOf = ({ CKA_EC_PARAMS }: KeyTemplate) =>
  CKA_EC_PARAMS === undefined ? undefined : curveOfEcParams(fromBase64(CKA_EC_PARAMS))

/** `key-length-bytes` is the size of the stored object, not that of the modulus or the order. */
const objectSize = (attributes: KeyTemplate): number | undefined => {
  const isPublic = attributes.CKA_CLASS === 'CKO_PUBLIC_KEY'
  const curve = curveOf(attributes)
  if (curve !== undefined) return isPublic ? ecPublicSize(curve) : ecPrivateSize(curve)
  const modulusBits = attributes.CKA_MODULUS_BITS
  if (modulusBits !== undefined) return isPublic ? rsaPublicSize(modulusBits) : rsaPrivateSize(modulusBits)
  return attributes.CKA_VALUE_LEN
}

const hexMember = (name: string, bytes: Base64 | undefined) => (bytes === undefined ? {} : { [name]: hexText(bytes) })

/** What only keys of one type have, in the order of AWS's samples. */
const typeAttributes = (attributes: KeyTemplate) => {
  const curve = curveOf(attributes)
  const curveName = curve === undefined ? undefined : nameFor(CURVES_BY_NAME, curve)
  return {
    ...hexMember('public-exponent', attributes.CKA_PUBLIC_EXPONENT),
    ...hexMember('modulus', attributes.CKA_MODULUS),
    ...(attributes.CKA_MODULUS_BITS === undefined ? {} : { 'modulus-size-bits': attributes.CKA_MODULUS_BITS }),
    ...hexMember('ec-point', attributes.CKA_EC_POINT),
    ...(curveName === undefined ? {} : { curve: curveName }),
  }
}

const flags = (attributes: KeyTemplate) =>
  Object.fromEntries(Object.entries(FLAGS).map(([name, attribute]) => [name, attributes[attribute] ?? false]))

const attributesView = (attributes: KeyTemplate) => {
  const { CKA_CLASS, CKA_KEY_TYPE, CKA_LABEL = EMPTY, CKA_ID = EMPTY, CKA_CHECK_VALUE } = attributes
  const size = objectSize(attributes)
  return {
    ...(CKA_KEY_TYPE === undefined ? {} : { 'key-type': KEY_TYPE_NAMES[CKA_KEY_TYPE] }),
    label: labelText(CKA_LABEL),
    id: hexText(CKA_ID),
    ...hexMember('check-value', CKA_CHECK_VALUE),
    ...(CKA_CLASS === undefined ? {} : { class: CLASS_NAMES[CKA_CLASS] }),
    ...flags(attributes),
    ...(size === undefined ? {} : { 'key-length-bytes': size }),
    ...typeAttributes(attributes),
  }
}

/** A key with everything that CloudHSM CLI prints of it. */
export const keyView = ({ key, coverage }: LocalKeyView): Json => {
  const holding = (username: string) => ({ username, 'key-coverage': coverage })
  return {
    'key-reference': keyReference(key.handle),
    'key-info': {
      'key-owners': [holding(key.owner)],
      'shared-users': key.sharedWith.map(holding),
      'key-quorum-values': { 'manage-key-quorum-value': 0, 'use-key-quorum-value': 0 },
      'cluster-coverage': coverage,
    },
    attributes: attributesView(key.attributes),
  }
}

/** A key as `key list` prints it without `--verbose`, and to admins. */
export const keySummary = ({ key }: LocalKeyView): Json => ({
  'key-reference': keyReference(key.handle),
  attributes: { label: labelText(key.attributes.CKA_LABEL ?? EMPTY) },
})
