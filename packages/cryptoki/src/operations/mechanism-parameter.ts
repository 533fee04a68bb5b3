import * as E from 'fp-ts/lib/Either.js'
import { HASHES, hashOfMechanism, hashOfMgf, type MechanismFacts } from '@hsmlab/crypto'
import { CKZ, type Mechanism, type MechanismParameter, NO_PARAMETER } from '@hsmlab/pkcs11'
import { type Answer, refuse } from '../answer.ts'
import type { CallMechanism } from '../call-mechanism.ts'
import type { KeyShape } from '../keys/key-shape.ts'

type ParameterOf<Tag extends MechanismParameter['_tag']> = Extract<MechanismParameter, { _tag: Tag }>

const BLOCK = 16
/** CloudHSM's GCM takes no other ("AES-GCM", "Supported mechanisms for the PKCS #11 library"). */
const GCM_IV_BYTES = 12
const GCM_TAG_BITS: ReadonlyArray<number> = [32, 64, 96, 104, 112, 120, 128]
const AAD_BYTES_MAX = 16_224

const isCount = (value: number, max: number): boolean => Number.isSafeInteger(value) && value <= max

const isPss = ({ hash, mgf, saltLength }: ParameterOf<'pss'>, facts: MechanismFacts, { bits }: KeyShape): boolean => {
  const name = hashOfMechanism(hash)
  if (name === undefined || hashOfMgf(mgf) === undefined) return false
  if (facts.hash !== undefined && facts.hash !== name) return false
  // RFC 8017 §9.1.1: emLen is at least hLen + sLen + 2, and the encoded message has one bit less than the modulus.
  return isCount(saltLength, Math.ceil((bits - 1) / 8) - HASHES[name].bytes - 2)
}

/** Hash and mask generation are of one family member; a source of 0 without data is what some programs send. */
const isOaep = ({ hash, mgf, source, sourceData }: ParameterOf<'oaep'>): boolean => {
  const name = hashOfMechanism(hash)
  const hasSource = source === CKZ.CKZ_DATA_SPECIFIED || (source === 0 && sourceData.length === 0)
  return name !== undefined && name === hashOfMgf(mgf) && hasSource
}

/**
 * The service makes the IV of a GCM encryption when the program's is all zeros, and writes it back. No door can write
 * it back yet, and a ciphertext whose IV nobody knows is lost, so such a call is refused.
 */
const isGcm = ({ iv, aad, tagBits }: ParameterOf<'gcm'>, encrypts: boolean): boolean =>
  iv.length === GCM_IV_BYTES &&
  GCM_TAG_BITS.includes(tagBits) &&
  aad.length <= AAD_BYTES_MAX &&
  !(encrypts && iv.every((byte) => byte === 0))

const isFit = (parameter: MechanismParameter, facts: MechanismFacts, shape: KeyShape, encrypts: boolean): boolean => {
  switch (parameter._tag) {
    case 'none':
      return true
    case 'iv':
      return parameter.iv.length === BLOCK
    case 'pss':
      return isPss(parameter, facts, shape)
    case 'oaep':
      return isOaep(parameter)
    case 'ctr':
      return parameter.counterBlock.length === BLOCK && parameter.counterBits > 0 && isCount(parameter.counterBits, 128)
    case 'gcm':
      return isGcm(parameter, encrypts)
  }
}

/** The parameter lives as long as the operation; the frame it came in does not. */
const copied = (parameter: MechanismParameter): MechanismParameter => {
  switch (parameter._tag) {
    case 'none':
      return NO_PARAMETER
    case 'pss':
      return parameter
    case 'iv':
      return { ...parameter, iv: parameter.iv.slice() }
    case 'oaep':
      return { ...parameter, source: CKZ.CKZ_DATA_SPECIFIED, sourceData: parameter.sourceData.slice() }
    case 'ctr':
      return { ...parameter, counterBlock: parameter.counterBlock.slice() }
    case 'gcm':
      return { ...parameter, iv: parameter.iv.slice(), aad: parameter.aad.slice() }
  }
}

/** The mechanism as an HSM takes it, or CKR_MECHANISM_PARAM_INVALID. */
export const checkedMechanism = (
  { type, parameter }: CallMechanism,
  facts: MechanismFacts,
  shape: KeyShape,
  encrypts: boolean,
): Answer<Mechanism> => {
  if (parameter._tag === 'other' || parameter._tag !== facts.parameter || !isFit(parameter, facts, shape, encrypts)) {
    return refuse('CKR_MECHANISM_PARAM_INVALID')
  }
  return E.right({ type, parameter: copied(parameter) })
}
