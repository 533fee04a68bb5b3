import * as E from 'fp-ts/lib/Either.js'
import { bitLength, bytesToNumber, withoutLeadingZeros } from '../bytes.ts'
import { CURVES } from '../curves.ts'
import { isPointOn } from '../der/ec-point.ts'
import { rsaParts } from '../der/rsa-keys.ts'
import type { CryptoFailure, KeyMaterial } from '../engine.ts'
import type {
  AesKey,
  CryptoBackend,
  EcPrivateKey,
  EcPublicKey,
  MacKey,
  RsaPrivateKey,
  RsaPublicKey,
} from './backend.ts'
import { failed } from './results.ts'

/** A key as the processor holds it: what the backend made of it, and the sizes that rules ask for. */
export type Handle =
  | Readonly<{ _tag: 'aes'; bits: number; key: AesKey }>
  | Readonly<{ _tag: 'mac'; bits: number; key: MacKey }>
  | Readonly<{ _tag: 'ec-private'; bits: number; signatureBytes: number; key: EcPrivateKey }>
  | Readonly<{ _tag: 'ec-public'; bits: number; signatureBytes: number; key: EcPublicKey }>
  | Readonly<{ _tag: 'rsa-private'; bits: number; modulusBytes: number; key: RsaPrivateKey }>
  | Readonly<{ _tag: 'rsa-public'; bits: number; modulusBytes: number; key: RsaPublicKey }>

type Opened = E.Either<CryptoFailure, Handle>

/** *Supported key types for the PKCS #11 library*: a generic secret has 1 to 800 bytes. */
export const GENERIC_SECRET_BYTES_MAX = 800

const INVALID: Opened = failed('CKR_ATTRIBUTE_VALUE_INVALID')

const isAesLength = (length: number): boolean => length === 16 || length === 24 || length === 32

const isRsaSize = (bits: number): boolean => bits >= 2048 && bits <= 4096 && bits % 256 === 0

const openSecret = (backend: CryptoBackend, material: Extract<KeyMaterial, { _tag: 'secret' }>): Opened => {
  const { keyType, value } = material
  const bits = value.length * 8
  if (keyType === 'CKK_AES') {
    return isAesLength(value.length) ? E.right({ _tag: 'aes', bits, key: backend.openAes(value) }) : INVALID
  }
  const fits = value.length >= 1 && value.length <= GENERIC_SECRET_BYTES_MAX
  return fits ? E.right({ _tag: 'mac', bits, key: backend.openMac(value) }) : INVALID
}

const openEcPrivate = (backend: CryptoBackend, material: Extract<KeyMaterial, { _tag: 'ec-private' }>): Opened => {
  const curve = CURVES[material.curve]
  const scalar = bytesToNumber(material.scalar)
  if (material.scalar.length !== curve.bytes || scalar === 0n || scalar >= curve.n) return INVALID
  const key = backend.openEcPrivate(material.curve, material.scalar)
  if (key === undefined) return INVALID
  return E.right({ _tag: 'ec-private', bits: curve.bits, signatureBytes: 2 * curve.bytes, key })
}

const openEcPublic = (backend: CryptoBackend, material: Extract<KeyMaterial, { _tag: 'ec-public' }>): Opened => {
  const curve = CURVES[material.curve]
  if (!isPointOn(material.curve, material.point)) return INVALID
  const key = backend.openEcPublic(material.curve, material.point)
  if (key === undefined) return INVALID
  return E.right({ _tag: 'ec-public', bits: curve.bits, signatureBytes: 2 * curve.bytes, key })
}

const openRsaPrivate = (backend: CryptoBackend, material: Extract<KeyMaterial, { _tag: 'rsa-private' }>): Opened => {
  const parts = rsaParts(material.pkcs8)
  const bits = parts === undefined ? 0 : bitLength(bytesToNumber(parts.modulus))
  if (!isRsaSize(bits)) return INVALID
  const key = backend.openRsaPrivate(material.pkcs8)
  return key === undefined ? INVALID : E.right({ _tag: 'rsa-private', bits, modulusBytes: bits / 8, key })
}

const openRsaPublic = (backend: CryptoBackend, material: Extract<KeyMaterial, { _tag: 'rsa-public' }>): Opened => {
  const modulus = withoutLeadingZeros(material.modulus)
  const bits = bitLength(bytesToNumber(modulus))
  const exponent = bytesToNumber(material.publicExponent)
  if (!isRsaSize(bits) || exponent < 3n || exponent % 2n === 0n) return INVALID
  const key = backend.openRsaPublic(modulus, withoutLeadingZeros(material.publicExponent))
  return key === undefined ? INVALID : E.right({ _tag: 'rsa-public', bits, modulusBytes: bits / 8, key })
}

/** Checks sizes and ranges, then hands the key to the backend. */
export const openKey = (backend: CryptoBackend, material: KeyMaterial): Opened => {
  switch (material._tag) {
    case 'secret':
      return openSecret(backend, material)
    case 'ec-private':
      return openEcPrivate(backend, material)
    case 'ec-public':
      return openEcPublic(backend, material)
    case 'rsa-private':
      return openRsaPrivate(backend, material)
    case 'rsa-public':
      return openRsaPublic(backend, material)
  }
}
