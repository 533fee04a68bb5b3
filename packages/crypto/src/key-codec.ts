import { framed, unframed } from './bytes.ts'
import { curveOfEcParams, ecParams } from './der/ec-params.ts'
import type { KeyMaterial } from './engine.ts'

/** The kinds of material by the number that they have on disk, for ever. */
const KINDS = ['aes', 'generic-secret', 'ec-private', 'ec-public', 'rsa-private', 'rsa-public'] as const
type Kind = (typeof KINDS)[number]

const fieldsOf = (material: KeyMaterial): readonly [Kind, ...ReadonlyArray<Uint8Array>] => {
  switch (material._tag) {
    case 'secret':
      return [material.keyType === 'CKK_AES' ? 'aes' : 'generic-secret', material.value]
    case 'ec-private':
      return [material._tag, ecParams(material.curve), material.scalar]
    case 'ec-public':
      return [material._tag, ecParams(material.curve), material.point]
    case 'rsa-private':
      return [material._tag, material.pkcs8]
    case 'rsa-public':
      return [material._tag, material.modulus, material.publicExponent]
  }
}

/** One kind byte, then the framed fields; a curve stands as its CKA_EC_PARAMS. */
export const encodeKeyMaterial = (material: KeyMaterial): Uint8Array => {
  const [kind, ...fields] = fieldsOf(material)
  const body = framed(fields)
  const bytes = new Uint8Array(1 + body.length)
  bytes[0] = KINDS.indexOf(kind)
  bytes.set(body, 1)
  return bytes
}

const ecMaterial = (
  kind: 'ec-private' | 'ec-public',
  parameters: Uint8Array,
  value: Uint8Array,
): KeyMaterial | undefined => {
  const curve = curveOfEcParams(parameters)
  if (curve === undefined) return undefined
  return kind === 'ec-private' ? { _tag: kind, curve, scalar: value } : { _tag: kind, curve, point: value }
}

/** What `encodeKeyMaterial` made, in bytes of its own; `undefined` for anything else. */
export const decodeKeyMaterial = (bytes: Uint8Array): KeyMaterial | undefined => {
  const kind = KINDS[bytes[0] ?? KINDS.length]
  const [first, second, third] = (unframed(bytes.subarray(1)) ?? []).map((field) => Uint8Array.from(field))
  if (kind === undefined || first === undefined || third !== undefined) return undefined
  switch (kind) {
    case 'aes':
    case 'generic-secret': {
      const keyType = kind === 'aes' ? 'CKK_AES' : 'CKK_GENERIC_SECRET'
      return second === undefined ? { _tag: 'secret', keyType, value: first } : undefined
    }
    case 'rsa-private':
      return second === undefined ? { _tag: kind, pkcs8: first } : undefined
    case 'rsa-public':
      return second && { _tag: kind, modulus: first, publicExponent: second }
    case 'ec-private':
    case 'ec-public':
      return second && ecMaterial(kind, first, second)
  }
}
