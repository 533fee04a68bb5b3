import * as E from 'fp-ts/lib/Either.js'
import type { Mechanism } from '@hsmlab/pkcs11'
import { equalBytes } from '../bytes.ts'
import type { CryptoEngine, CryptoFailure, CryptoResult, OpenKey } from '../engine.ts'
import { type MechanismFacts, mechanismFacts, type MechanismFunction } from '../mechanisms.ts'
import { cipherAes } from './aes.ts'
import type { CryptoBackend, Direction, MaybePromise } from './backend.ts'
import { type Handle, openKey } from './open-key.ts'
import { failed, verdict } from './results.ts'
import { decryptRsa, encryptRsa, signRsa, verifyRsa } from './rsa.ts'

const WRONG_KEY = failed('CKR_KEY_TYPE_INCONSISTENT')
const DATA_LEN_RANGE = failed('CKR_DATA_LEN_RANGE')
const SIGNATURE_LEN_RANGE = failed('CKR_SIGNATURE_LEN_RANGE')

const KEY_TYPES = {
  aes: 'CKK_AES',
  mac: 'CKK_GENERIC_SECRET',
  'ec-private': 'CKK_EC',
  'ec-public': 'CKK_EC',
  'rsa-private': 'CKK_RSA',
  'rsa-public': 'CKK_RSA',
} as const

/** The row of a mechanism that can do what is wanted and has the right kind of parameter. */
const planned = (mechanism: Mechanism, wanted: MechanismFunction): E.Either<CryptoFailure, MechanismFacts> => {
  const facts = mechanismFacts(mechanism.type)
  if (!facts?.functions.includes(wanted)) return failed('CKR_MECHANISM_INVALID')
  return facts.parameter === mechanism.parameter._tag ? E.right(facts) : failed('CKR_MECHANISM_PARAM_INVALID')
}

const isTooLong = (facts: MechanismFacts, message: Uint8Array): boolean =>
  facts.limitBytes !== undefined && message.length > facts.limitBytes

/** The engine that a backend's arithmetic makes. */
export const cryptoEngine = (backend: CryptoBackend): CryptoEngine => {
  const handles = new WeakMap<OpenKey, Handle>()

  const open: CryptoEngine['open'] = (material) => {
    const opened = openKey(backend, material)
    if (E.isLeft(opened)) return opened
    const handle = opened.right
    const key: OpenKey = {
      keyType: KEY_TYPES[handle._tag],
      bits: handle.bits,
      close: () => {
        if (handles.delete(key) && 'close' in handle.key) handle.key.close()
      },
    }
    handles.set(key, handle)
    return E.right(key)
  }

  const digest: CryptoEngine['digest'] = (mechanism, message) => {
    const plan = planned(mechanism, 'digest')
    if (E.isLeft(plan)) return plan
    const { hash } = plan.right
    return hash === undefined ? failed('CKR_MECHANISM_INVALID') : E.right(backend.hash(hash, message))
  }

  const sign: CryptoEngine['sign'] = (key, mechanism, message): MaybePromise<CryptoResult> => {
    const plan = planned(mechanism, 'sign')
    if (E.isLeft(plan)) return plan
    const facts = plan.right
    const handle = handles.get(key)
    if (handle === undefined) return failed('CKR_KEY_HANDLE_INVALID')
    if (facts.keyType !== key.keyType) return WRONG_KEY
    if (isTooLong(facts, message)) return DATA_LEN_RANGE
    const { hash } = facts
    switch (handle._tag) {
      case 'ec-private':
        if (hash !== undefined) return handle.key.signMessage(hash, message)
        return message.length === 0 ? DATA_LEN_RANGE : handle.key.signDigest(message)
      case 'rsa-private':
        return signRsa(backend, handle, facts, mechanism.parameter, message)
      case 'mac':
        return hash === undefined ? WRONG_KEY : E.right(handle.key.mac(hash, message))
      default:
        return WRONG_KEY
    }
  }

  const verify: CryptoEngine['verify'] = (key, mechanism, message, signature): MaybePromise<CryptoResult> => {
    const plan = planned(mechanism, 'verify')
    if (E.isLeft(plan)) return plan
    const facts = plan.right
    const handle = handles.get(key)
    if (handle === undefined) return failed('CKR_KEY_HANDLE_INVALID')
    if (facts.keyType !== key.keyType) return WRONG_KEY
    if (isTooLong(facts, message)) return DATA_LEN_RANGE
    const { hash } = facts
    switch (handle._tag) {
      case 'ec-public':
        if (signature.length !== handle.signatureBytes) return SIGNATURE_LEN_RANGE
        if (hash !== undefined) return handle.key.verifyMessage(hash, message, signature)
        return message.length === 0 ? DATA_LEN_RANGE : handle.key.verifyDigest(message, signature)
      case 'rsa-public':
        if (signature.length !== handle.modulusBytes) return SIGNATURE_LEN_RANGE
        return verifyRsa(backend, handle, facts, mechanism.parameter, message, signature)
      case 'mac': {
        if (hash === undefined) return WRONG_KEY
        const mac = handle.key.mac(hash, message)
        return signature.length === mac.length ? verdict(equalBytes(mac, signature)) : SIGNATURE_LEN_RANGE
      }
      default:
        return WRONG_KEY
    }
  }

  const cipher = (direction: Direction) => (key: OpenKey, mechanism: Mechanism, input: Uint8Array) => {
    const plan = planned(mechanism, direction)
    if (E.isLeft(plan)) return plan
    const facts = plan.right
    const handle = handles.get(key)
    if (handle === undefined) return failed('CKR_KEY_HANDLE_INVALID')
    if (facts.keyType !== key.keyType) return WRONG_KEY
    const wanted = handle._tag === 'aes' ? 'aes' : direction === 'encrypt' ? 'rsa-public' : 'rsa-private'
    if (handle._tag !== wanted) return WRONG_KEY
    switch (handle._tag) {
      case 'aes':
        return cipherAes(handle.key, facts, direction, mechanism.parameter, input)
      case 'rsa-public':
        return encryptRsa(backend, handle, facts, mechanism.parameter, input)
      case 'rsa-private':
        return decryptRsa(backend, handle, facts, mechanism.parameter, input)
    }
  }

  return {
    ...primitivesOf(backend),
    name: backend.name,
    generateEc: backend.generateEc,
    generateRsa: backend.generateRsa,
    open,
    digest,
    startHash: backend.startHash,
    sign,
    verify,
    encrypt: cipher('encrypt'),
    decrypt: cipher('decrypt'),
  }
}

const primitivesOf = (backend: CryptoBackend) => {
  const { sha256, hmacSha256, hkdfSha256, aesGcm, x25519, ed25519, pbkdf2Sha256 } = backend
  const { aesKeyWrapPadded, aesKeyUnwrapPadded } = backend
  return { sha256, hmacSha256, hkdfSha256, aesGcm, x25519, ed25519, pbkdf2Sha256, aesKeyWrapPadded, aesKeyUnwrapPadded }
}
