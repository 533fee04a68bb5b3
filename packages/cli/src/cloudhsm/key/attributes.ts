import * as E from 'fp-ts/lib/Either.js'
import { ecParams } from '@hsmlab/crypto'
import type { KeyTemplate } from '@hsmlab/domain'
import { toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { hexBytes } from './hex.ts'
import { CLASS_NAMES, CURVES_BY_NAME, KEY_TYPE_NAMES, keyFor } from './names.ts'

/** The attributes that are true or false, by their names in CloudHSM CLI ("Key attributes for CloudHSM CLI"). */
export const FLAGS = {
  encrypt: 'CKA_ENCRYPT',
  decrypt: 'CKA_DECRYPT',
  token: 'CKA_TOKEN',
  'always-sensitive': 'CKA_ALWAYS_SENSITIVE',
  derive: 'CKA_DERIVE',
  destroyable: 'CKA_DESTROYABLE',
  extractable: 'CKA_EXTRACTABLE',
  local: 'CKA_LOCAL',
  modifiable: 'CKA_MODIFIABLE',
  'never-extractable': 'CKA_NEVER_EXTRACTABLE',
  private: 'CKA_PRIVATE',
  sensitive: 'CKA_SENSITIVE',
  sign: 'CKA_SIGN',
  trusted: 'CKA_TRUSTED',
  unwrap: 'CKA_UNWRAP',
  verify: 'CKA_VERIFY',
  wrap: 'CKA_WRAP',
  'wrap-with-trusted': 'CKA_WRAP_WITH_TRUSTED',
} as const
type FlagName = keyof typeof FLAGS

/** What `--attributes` takes when a key is made; the HSM judges whether it fits the kind of key. */
export const CREATION_ATTRIBUTES: ReadonlyArray<string> = [
  'id',
  'token',
  'private',
  'modifiable',
  'destroyable',
  'encrypt',
  'decrypt',
  'wrap',
  'unwrap',
  'sign',
  'verify',
  'derive',
  'sensitive',
  'extractable',
  'wrap-with-trusted',
]

const isFlag = (name: string): name is FlagName => Object.hasOwn(FLAGS, name)

const whole = (text: string): number | undefined => (/^\d{1,9}$/.test(text) ? Number(text) : undefined)

const curveParameters = (text: string): KeyTemplate | undefined => {
  const curve = Object.hasOwn(CURVES_BY_NAME, text) ? CURVES_BY_NAME[text] : undefined
  return curve === undefined ? undefined : { CKA_EC_PARAMS: toBase64(ecParams(curve)) }
}

/** A template of one attribute, unless the value is missing. */
const only = <Name extends keyof KeyTemplate>(
  name: Name,
  value: KeyTemplate[Name] | undefined,
): KeyTemplate | undefined => (value === undefined ? undefined : { [name]: value })

const READERS: Readonly<Record<string, (text: string) => KeyTemplate | undefined>> = {
  label: (text) => ({ CKA_LABEL: toBase64(utf8Bytes(text)) }),
  id: (text) => only('CKA_ID', hexBytes(text)),
  class: (text) => only('CKA_CLASS', keyFor(CLASS_NAMES, text)),
  'key-type': (text) => only('CKA_KEY_TYPE', keyFor(KEY_TYPE_NAMES, text)),
  'check-value': (text) => only('CKA_CHECK_VALUE', hexBytes(text)),
  'key-length-bytes': (text) => only('CKA_VALUE_LEN', whole(text)),
  'modulus-size-bits': (text) => only('CKA_MODULUS_BITS', whole(text)),
  modulus: (text) => only('CKA_MODULUS', hexBytes(text)),
  'public-exponent': (text) => only('CKA_PUBLIC_EXPONENT', hexBytes(text)),
  'ec-point': (text) => only('CKA_EC_POINT', hexBytes(text)),
  curve: curveParameters,
}

export const ATTRIBUTE_NAMES: ReadonlyArray<string> = [...Object.keys(READERS), ...Object.keys(FLAGS)]

const flagValue = (name: FlagName, text: string): KeyTemplate | undefined =>
  text === 'true' || text === 'false' ? { [FLAGS[name]]: text === 'true' } : undefined

/** The template of one `NAME=VALUE`. */
export const attributeOf = (name: string, value: string): E.Either<string, KeyTemplate> => {
  const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined
  if (read === undefined && !isFlag(name)) return E.left(`Unknown key attribute: ${name}`)
  const template = isFlag(name) ? flagValue(name, value) : read?.(value)
  return template === undefined ? E.left(`Invalid value for key attribute ${name}`) : E.right(template)
}

/** The template of `--attributes NAME=VALUE NAME=VALUE`. */
export const attributesOf = (assignments: ReadonlyArray<string>): E.Either<string, KeyTemplate> => {
  let template: KeyTemplate = {}
  for (const assignment of assignments) {
    const separator = assignment.indexOf('=')
    if (separator < 1) return E.left(`A key attribute is given as NAME=VALUE, not as ${assignment}`)
    const name = assignment.slice(0, separator)
    if (!CREATION_ATTRIBUTES.includes(name)) return E.left(`Key attribute ${name} cannot be set when a key is made`)
    const one = attributeOf(name, assignment.slice(separator + 1))
    if (E.isLeft(one)) return one
    template = { ...template, ...one.right }
  }
  return E.right(template)
}
