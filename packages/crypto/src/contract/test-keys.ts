import * as E from 'fp-ts/lib/Either.js'
import { CKG, CKM, type CkmName, CKZ, type MechanismParameter, NO_PARAMETER } from '@hsmlab/pkcs11'
import type {
  CryptoEngine,
  CryptoFailure,
  CryptoResult,
  CurveName,
  KeyMaterial,
  OpenKey,
  RsaKeyPair,
} from '../engine.ts'

/** The result, for a test that expects one. */
export const rightOf = <A>(result: E.Either<CryptoFailure, A>): A => {
  if (E.isLeft(result)) throw new Error(`the engine answered ${result.left._tag}`)
  return result.right
}

/** The return value that an operation ended with. */
export const codeOf = async (result: CryptoResult | Promise<CryptoResult>): Promise<string> => {
  const settled = await result
  return E.isLeft(settled) ? settled.left._tag : 'CKR_OK'
}

export const mechanism = (name: CkmName, parameter: MechanismParameter = NO_PARAMETER) => ({
  type: CKM[name],
  parameter,
})

export const secretKey = (keyType: 'CKK_AES' | 'CKK_GENERIC_SECRET', length: number): KeyMaterial => ({
  _tag: 'secret',
  keyType,
  value: Uint8Array.from({ length }, (_, i) => (7 * i + 1) & 255),
})

export type OpenPair = Readonly<{ privateKey: OpenKey; publicKey: OpenKey }>

export const ecPair = (engine: CryptoEngine, curve: CurveName): OpenPair => {
  const { scalar, point } = engine.generateEc(curve)
  return {
    privateKey: rightOf(engine.open({ _tag: 'ec-private', curve, scalar })),
    publicKey: rightOf(engine.open({ _tag: 'ec-public', curve, point })),
  }
}

export const rsaPair = (engine: CryptoEngine, { pkcs8, modulus, publicExponent }: RsaKeyPair): OpenPair => ({
  privateKey: rightOf(engine.open({ _tag: 'rsa-private', pkcs8 })),
  publicKey: rightOf(engine.open({ _tag: 'rsa-public', modulus, publicExponent })),
})

export const PSS_SHA256: MechanismParameter = {
  _tag: 'pss',
  hash: CKM.CKM_SHA256,
  mgf: CKG.CKG_MGF1_SHA256,
  saltLength: 32,
}

export const OAEP_SHA256: MechanismParameter = {
  _tag: 'oaep',
  hash: CKM.CKM_SHA256,
  mgf: CKG.CKG_MGF1_SHA256,
  source: CKZ.CKZ_DATA_SPECIFIED,
  sourceData: new Uint8Array(0),
}

export const gcm = (tagBits: number, ivLength = 12): MechanismParameter => ({
  _tag: 'gcm',
  iv: new Uint8Array(ivLength).fill(9),
  aad: Uint8Array.of(1, 2),
  tagBits,
})

export const iv = (length: number): MechanismParameter => ({ _tag: 'iv', iv: new Uint8Array(length).fill(3) })

export const ctr = (counterBits: number, lastByte: number): MechanismParameter => {
  const counterBlock = new Uint8Array(16).fill(5)
  counterBlock[15] = lastByte
  return { _tag: 'ctr', counterBits, counterBlock }
}
