import * as E from 'fp-ts/lib/Either.js'
import { allowsKeySize, curveOfEcParams } from '@hsmlab/crypto'
import type { KeyClass, KeyTemplate, KeyType } from '@hsmlab/domain'
import { fromBase64 } from '@hsmlab/event-sourcing'
import { CKA } from '@hsmlab/pkcs11'
import { type Answer, refuse } from '../answer.ts'
import type { Attribute } from '../attribute.ts'
import { keyAttributeName, toKeyValue } from './attribute-values.ts'
import type { KeyKind } from './key-shape.ts'
import { mandatoryAttributes, templateDefaults, templateRule, USAGES } from './template-rules.ts'

const LABEL_BYTES_MAX = 127
const PUBLIC_EXPONENT_MIN = 65_537

const IDENTITY: Readonly<Record<KeyKind, Readonly<{ CKA_CLASS: KeyClass; CKA_KEY_TYPE: KeyType }>>> = {
  'rsa-public': { CKA_CLASS: 'CKO_PUBLIC_KEY', CKA_KEY_TYPE: 'CKK_RSA' },
  'rsa-private': { CKA_CLASS: 'CKO_PRIVATE_KEY', CKA_KEY_TYPE: 'CKK_RSA' },
  'ec-public': { CKA_CLASS: 'CKO_PUBLIC_KEY', CKA_KEY_TYPE: 'CKK_EC' },
  'ec-private': { CKA_CLASS: 'CKO_PRIVATE_KEY', CKA_KEY_TYPE: 'CKK_EC' },
  aes: { CKA_CLASS: 'CKO_SECRET_KEY', CKA_KEY_TYPE: 'CKK_AES' },
  generic: { CKA_CLASS: 'CKO_SECRET_KEY', CKA_KEY_TYPE: 'CKK_GENERIC_SECRET' },
}

const KNOWN: ReadonlySet<number> = new Set(Object.values(CKA))

/** Settings that soften what CloudHSM refuses. */
export type TemplateSettings = Readonly<{
  /** Takes CKA_PRIVATE false as if it were not given: what programs say that know nothing of CloudHSM. */
  acceptNotPrivate: boolean
}>

type Draft = { given: Map<string, unknown>; useless: boolean }

/** Notes one attribute of a template, or says why it may not stand there. */
const take = (draft: Draft, kind: KeyKind, attribute: Attribute, settings: TemplateSettings): Answer<void> => {
  const { type } = attribute
  if (!KNOWN.has(type)) return refuse('CKR_ATTRIBUTE_TYPE_INVALID')
  const rule = templateRule(type, kind)
  if (rule === 'unsupported') return refuse('CKR_TEMPLATE_INCONSISTENT')
  if (rule === 'read only') return refuse('CKR_ATTRIBUTE_READ_ONLY')
  if (rule === 'ignored') {
    draft.useless = true
    return E.right(undefined)
  }
  const name = keyAttributeName(type)
  const value = name === undefined ? undefined : toKeyValue(name, attribute.value)
  if (name === undefined || value === undefined) return refuse('CKR_ATTRIBUTE_VALUE_INVALID')
  if (name === 'CKA_PRIVATE' && value === false && settings.acceptNotPrivate) return E.right(undefined)
  if (rule === 'default only' && value !== templateDefaults(kind)[name]) return refuse('CKR_ATTRIBUTE_VALUE_INVALID')
  const identity = name === 'CKA_CLASS' || name === 'CKA_KEY_TYPE' ? IDENTITY[kind][name] : value
  const before = draft.given.get(name) ?? value
  if (value !== identity || value !== before) return refuse('CKR_TEMPLATE_INCONSISTENT')
  draft.given.set(name, value)
  return E.right(undefined)
}

const isGoodExponent = (bytes: Uint8Array): boolean => {
  const value = bytes.slice(-4).reduce((sum, byte) => sum * 256 + byte, 0)
  const isLarge = bytes.slice(0, -4).some((byte) => byte !== 0) || value >= PUBLIC_EXPONENT_MIN
  return isLarge && value % 2 === 1
}

/** Whether the HSM makes such a key with this mechanism. */
const checkValues = (template: KeyTemplate, mechanismType: number, kind: KeyKind): Answer<void> => {
  const { CKA_LABEL, CKA_MODULUS_BITS, CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS, CKA_VALUE_LEN } = template
  if (CKA_LABEL !== undefined && fromBase64(CKA_LABEL).length > LABEL_BYTES_MAX) {
    return refuse('CKR_ATTRIBUTE_VALUE_INVALID')
  }
  if (CKA_EC_PARAMS !== undefined && curveOfEcParams(fromBase64(CKA_EC_PARAMS)) === undefined) {
    return refuse('CKR_CURVE_NOT_SUPPORTED')
  }
  if (CKA_PUBLIC_EXPONENT !== undefined && !isGoodExponent(fromBase64(CKA_PUBLIC_EXPONENT))) {
    return refuse('CKR_ATTRIBUTE_VALUE_INVALID')
  }
  const length = kind === 'generic' ? (CKA_VALUE_LEN ?? 0) * 8 : CKA_VALUE_LEN
  const size = CKA_MODULUS_BITS ?? length
  if (size !== undefined && !allowsKeySize(mechanismType, size)) return refuse('CKR_ATTRIBUTE_VALUE_INVALID')
  return E.right(undefined)
}

/**
 * What a template for a new key means, defaults filled in. The refusals are those of "Interpreting PKCS #11 library
 * error codes": CKR_TEMPLATE_INCONSISTENT for what CloudHSM does not support, CKR_ATTRIBUTE_READ_ONLY,
 * CKR_TEMPLATE_INCOMPLETE for what is missing; else PKCS#11's own (v2.40 §4.1).
 */
export const applyTemplate = (
  template: ReadonlyArray<Attribute>,
  kind: KeyKind,
  mechanismType: number,
  settings: TemplateSettings,
): Answer<KeyTemplate> => {
  const draft: Draft = { given: new Map(), useless: false }
  for (const attribute of template) {
    const taken = take(draft, kind, attribute, settings)
    if (E.isLeft(taken)) return taken
  }
  if (mandatoryAttributes(kind).some((name) => !draft.given.has(name))) return refuse('CKR_TEMPLATE_INCOMPLETE')
  const given: KeyTemplate = Object.fromEntries(draft.given)
  const checked = checkValues(given, mechanismType, kind)
  if (E.isLeft(checked)) return checked
  const noUsage: KeyTemplate = draft.useless ? Object.fromEntries(USAGES.map((name) => [name, false])) : {}
  return E.right({ ...IDENTITY[kind], ...templateDefaults(kind), ...given, ...noUsage })
}
