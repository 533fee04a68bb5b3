import {
  checkValue,
  type CryptoEngine,
  curveOfEcParams,
  ecPointAttribute,
  type KeyMaterial,
  type OpenKey,
} from '@hsmlab/crypto'
import type { KeyHandle, KeyTemplate, Username } from '@hsmlab/domain'
import { type Base64, fromBase64, invariant, toBase64 } from '@hsmlab/event-sourcing'
import type { KeyView } from '@hsmlab/protocol'
import * as E from 'fp-ts/lib/Either.js'

/** A key of the soft token: what programs see, and what it computes with. `tag` 0: a token key. */
export type SoftKey = Readonly<{ view: KeyView; open: OpenKey; tag: number }>

/** Where a new key goes. */
export type SoftPlace = Readonly<{ handle: KeyHandle; owner: Username; tag: number }>

const open = (engine: CryptoEngine, material: KeyMaterial): OpenKey => {
  const opened = engine.open(material)
  invariant(E.isRight(opened), 'an engine opens the keys that it makes')
  return opened.right
}

const bytesOf = (value: Base64 | undefined): Uint8Array => (value === undefined ? new Uint8Array(0) : fromBase64(value))

const checked = (material: Parameters<typeof checkValue>[0]): KeyTemplate => {
  const value = checkValue(material)
  return value === undefined ? {} : { CKA_CHECK_VALUE: toBase64(value) }
}

const softKey = (
  template: KeyTemplate,
  made: KeyTemplate,
  openKey: OpenKey,
  mechanism: number,
  place: SoftPlace,
): SoftKey => ({
  view: {
    handle: place.handle,
    generation: 0,
    owner: place.owner,
    sharedWith: [],
    attributes: {
      CKA_LABEL: toBase64(new Uint8Array(0)),
      CKA_ID: toBase64(new Uint8Array(0)),
      ...template,
      ...made,
      CKA_LOCAL: true,
      CKA_ALWAYS_SENSITIVE: template.CKA_SENSITIVE ?? false,
      CKA_NEVER_EXTRACTABLE: template.CKA_EXTRACTABLE === false,
      CKA_KEY_GEN_MECHANISM: mechanism,
    },
  },
  open: openKey,
  tag: template.CKA_TOKEN === true ? 0 : place.tag,
})

export const generateSecret = (
  engine: CryptoEngine,
  randomBytes: (count: number) => Uint8Array,
  template: KeyTemplate,
  mechanism: number,
  place: SoftPlace,
): SoftKey => {
  const keyType = template.CKA_KEY_TYPE === 'CKK_AES' ? 'CKK_AES' : 'CKK_GENERIC_SECRET'
  const material = { _tag: 'secret', keyType, value: randomBytes(template.CKA_VALUE_LEN ?? 0) } as const
  return softKey(template, checked(material), open(engine, material), mechanism, place)
}

type Pair = Readonly<{ publicMaterial: KeyMaterial; privateMaterial: KeyMaterial; made: KeyTemplate }>

const ecPair = (engine: CryptoEngine, { CKA_EC_PARAMS }: KeyTemplate): Pair => {
  const curve = curveOfEcParams(bytesOf(CKA_EC_PARAMS))
  invariant(curve !== undefined && CKA_EC_PARAMS !== undefined, 'templates of pairs name a curve')
  const { scalar, point } = engine.generateEc(curve)
  const publicMaterial = { _tag: 'ec-public', curve, point } as const
  const made = { CKA_EC_PARAMS, CKA_EC_POINT: toBase64(ecPointAttribute(point)), ...checked(publicMaterial) }
  return { publicMaterial, privateMaterial: { _tag: 'ec-private', curve, scalar }, made }
}

const rsaPair = async (engine: CryptoEngine, template: KeyTemplate): Promise<Pair> => {
  const bits = template.CKA_MODULUS_BITS ?? 0
  const { pkcs8, modulus, publicExponent } = await engine.generateRsa(bits, bytesOf(template.CKA_PUBLIC_EXPONENT))
  const publicMaterial = { _tag: 'rsa-public', modulus, publicExponent } as const
  const made = {
    CKA_MODULUS: toBase64(modulus),
    CKA_MODULUS_BITS: bits,
    CKA_PUBLIC_EXPONENT: toBase64(publicExponent),
    ...checked(publicMaterial),
  }
  return { publicMaterial, privateMaterial: { _tag: 'rsa-private', pkcs8 }, made }
}

export const generatePair = async (
  engine: CryptoEngine,
  templates: Readonly<{ publicTemplate: KeyTemplate; privateTemplate: KeyTemplate }>,
  mechanism: number,
  place: SoftPlace,
): Promise<Readonly<{ publicKey: SoftKey; privateKey: SoftKey }>> => {
  const { publicTemplate, privateTemplate } = templates
  const isEc = publicTemplate.CKA_KEY_TYPE === 'CKK_EC'
  const pair = isEc ? ecPair(engine, publicTemplate) : await rsaPair(engine, publicTemplate)
  const privatePlace = { ...place, handle: (place.handle + 1) as KeyHandle }
  return {
    publicKey: softKey(publicTemplate, pair.made, open(engine, pair.publicMaterial), mechanism, place),
    privateKey: softKey(privateTemplate, pair.made, open(engine, pair.privateMaterial), mechanism, privatePlace),
  }
}
