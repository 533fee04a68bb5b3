import { type CurveName, CURVES, curveOfEcParams, type KeyTypeName } from '@hsmlab/crypto'
import type { KeyTemplate } from '@hsmlab/domain'
import { fromBase64 } from '@hsmlab/event-sourcing'

/** The columns of CloudHSM's attribute tables ("PKCS #11 library attributes tables"). */
export const KEY_KINDS = ['rsa-public', 'rsa-private', 'ec-public', 'ec-private', 'aes', 'generic'] as const
export type KeyKind = (typeof KEY_KINDS)[number]

/** What operations need to know of a key, taken from its attributes once. */
export type KeyShape = Readonly<{
  kind: KeyKind
  keyType: KeyTypeName
  /** Bits of the modulus, of the curve's order, of the secret. */
  bits: number
  /** Bytes of the modulus, of a coordinate, of the secret. */
  bytes: number
  curve: CurveName | undefined
}>

const kindOf = (attributes: KeyTemplate): KeyKind => {
  const half = attributes.CKA_CLASS === 'CKO_PUBLIC_KEY' ? 'public' : 'private'
  switch (attributes.CKA_KEY_TYPE) {
    case 'CKK_RSA':
      return `rsa-${half}`
    case 'CKK_EC':
      return `ec-${half}`
    case 'CKK_AES':
      return 'aes'
    default:
      return 'generic'
  }
}

const modulusBits = ({ CKA_MODULUS, CKA_MODULUS_BITS }: KeyTemplate): number =>
  CKA_MODULUS_BITS ?? (CKA_MODULUS === undefined ? 0 : fromBase64(CKA_MODULUS).length * 8)

export const keyShape = (attributes: KeyTemplate): KeyShape => {
  const kind = kindOf(attributes)
  switch (kind) {
    case 'rsa-public':
    case 'rsa-private': {
      const bits = modulusBits(attributes)
      return { kind, keyType: 'CKK_RSA', bits, bytes: Math.ceil(bits / 8), curve: undefined }
    }
    case 'ec-public':
    case 'ec-private': {
      const parameters = attributes.CKA_EC_PARAMS
      const curve = parameters === undefined ? undefined : curveOfEcParams(fromBase64(parameters))
      const facts = curve === undefined ? undefined : CURVES[curve]
      return { kind, keyType: 'CKK_EC', bits: facts?.bits ?? 0, bytes: facts?.bytes ?? 0, curve }
    }
    case 'aes':
    case 'generic': {
      const bytes = attributes.CKA_VALUE_LEN ?? 0
      const keyType = kind === 'aes' ? 'CKK_AES' : 'CKK_GENERIC_SECRET'
      return { kind, keyType, bits: bytes * 8, bytes, curve: undefined }
    }
  }
}
