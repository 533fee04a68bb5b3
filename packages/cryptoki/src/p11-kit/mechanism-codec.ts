import { CKM, type CkmName, type MechanismParameter, NO_PARAMETER } from '@hsmlab/pkcs11'
import type { CallMechanism } from '../call-mechanism.ts'
import { EMPTY } from '../output.ts'
import type { Letter } from './letter.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

type Parameter = CallMechanism['parameter']
type ParameterForm = Readonly<{
  read: (reader: WireReader) => Parameter
  write: (writer: WireWriter, parameter: Parameter) => void
}>

const NULL_MECHANISM = 0xffff_ffff
const VENDOR_DEFINED = 0x8000_0000

const string = (reader: WireReader): Uint8Array => reader.string() ?? EMPTY

/** A form that only accepts the parameter of its own tag; what else is written stands as zeros and empty strings. */
const form = <Tag extends MechanismParameter['_tag']>(
  tag: Tag,
  read: (reader: WireReader) => Extract<MechanismParameter, { _tag: Tag }>,
  write: (writer: WireWriter, parameter: Extract<MechanismParameter, { _tag: Tag }>) => void,
): ParameterForm => ({
  read,
  write: (writer, parameter) => {
    if (parameter._tag === tag) write(writer, parameter as Extract<MechanismParameter, { _tag: Tag }>)
  },
})

const iv = form(
  'iv',
  (reader) => ({ _tag: 'iv', iv: string(reader) }),
  (writer, parameter) => writer.string(parameter.iv),
)

const pss = form(
  'pss',
  (reader) => ({ _tag: 'pss', hash: reader.u64(), mgf: reader.u64(), saltLength: reader.u64() }),
  (writer, { hash, mgf, saltLength }) => {
    writer.u64(hash)
    writer.u64(mgf)
    writer.u64(saltLength)
  },
)

const oaep = form(
  'oaep',
  (reader) => ({
    _tag: 'oaep',
    hash: reader.u64(),
    mgf: reader.u64(),
    source: reader.u64(),
    sourceData: string(reader),
  }),
  (writer, { hash, mgf, source, sourceData }) => {
    writer.u64(hash)
    writer.u64(mgf)
    writer.u64(source)
    writer.string(sourceData)
  },
)

const ctr = form(
  'ctr',
  (reader) => ({ _tag: 'ctr', counterBits: reader.u64(), counterBlock: string(reader) }),
  (writer, { counterBits, counterBlock }) => {
    writer.u64(counterBits)
    writer.string(counterBlock)
  },
)

/** The length of the IV in bits is not carried on: programs leave it 0, and the IV has one. */
const gcm = form(
  'gcm',
  (reader) => {
    const nonce = string(reader)
    reader.u64()
    return { _tag: 'gcm', iv: nonce, aad: string(reader), tagBits: reader.u64() }
  },
  (writer, parameter) => {
    writer.string(parameter.iv)
    writer.u64(parameter.iv.length * 8)
    writer.string(parameter.aad)
    writer.u64(parameter.tagBits)
  },
)

/** A parameter that no mechanism of the HSM takes: read to its end, kept as it is. `u` is a number, `s` a string. */
const other = (fields: string): ParameterForm => ({
  read: (reader) => ({
    _tag: 'other',
    fields: [...fields].map((field) => (field === 'u' ? reader.u64() : string(reader))),
  }),
  write: (writer, parameter) => {
    if (parameter._tag !== 'other') return
    for (const field of parameter.fields) {
      if (typeof field === 'number') writer.u64(field)
      else writer.string(field)
    }
  },
})

const forms = (parameterForm: ParameterForm, names: ReadonlyArray<CkmName>) =>
  names.map((name) => [CKM[name], parameterForm] as const)

/** The mechanisms with a parameter that p11-kit's client library passes; it filters out those that it does not list. */
const FORMS: ReadonlyMap<number, ParameterForm> = new Map([
  ...forms(pss, [
    'CKM_RSA_PKCS_PSS',
    'CKM_SHA1_RSA_PKCS_PSS',
    'CKM_SHA224_RSA_PKCS_PSS',
    'CKM_SHA256_RSA_PKCS_PSS',
    'CKM_SHA384_RSA_PKCS_PSS',
    'CKM_SHA512_RSA_PKCS_PSS',
  ]),
  ...forms(oaep, ['CKM_RSA_PKCS_OAEP']),
  ...forms(iv, [
    'CKM_AES_CBC',
    'CKM_AES_CBC_PAD',
    'CKM_AES_OFB',
    'CKM_AES_CFB1',
    'CKM_AES_CFB8',
    'CKM_AES_CFB64',
    'CKM_AES_CFB128',
    'CKM_AES_CTS',
    'CKM_DES_CBC',
    'CKM_DES_CBC_PAD',
    'CKM_DES3_CBC',
    'CKM_DES3_CBC_PAD',
    'CKM_DES_CFB8',
    'CKM_DES_CFB64',
    'CKM_DES_OFB64',
  ]),
  ...forms(ctr, ['CKM_AES_CTR']),
  ...forms(gcm, ['CKM_AES_GCM']),
  ...forms(other('uss'), ['CKM_ECDH1_DERIVE']),
  ...forms(other('s'), ['CKM_DH_PKCS_DERIVE']),
  ...forms(other('u'), [
    'CKM_SHA_1_HMAC_GENERAL',
    'CKM_SHA224_HMAC_GENERAL',
    'CKM_SHA256_HMAC_GENERAL',
    'CKM_SHA384_HMAC_GENERAL',
    'CKM_SHA512_HMAC_GENERAL',
    'CKM_SHA512_224_HMAC_GENERAL',
    'CKM_SHA512_256_HMAC_GENERAL',
    'CKM_AES_MAC_GENERAL',
    'CKM_AES_CMAC_GENERAL',
    'CKM_DES3_MAC_GENERAL',
    'CKM_DES3_CMAC_GENERAL',
  ]),
])

const readUnflagged = (reader: WireReader, parameterForm: ParameterForm | undefined): Parameter => {
  if (parameterForm !== undefined) return parameterForm.read(reader)
  const parameter = reader.string()
  return parameter === undefined ? NO_PARAMETER : { _tag: 'other', fields: [parameter] }
}

const readFlagged = (reader: WireReader, parameterForm: ParameterForm | undefined): Parameter => {
  if (parameterForm === undefined) return NO_PARAMETER
  return reader.u8() === 0 ? NO_PARAMETER : parameterForm.read(reader)
}

/** `undefined` is the NULL mechanism that cancels an operation (PKCS#11 v3.0 §5.8). */
export const mechanism: Letter<CallMechanism | undefined> = {
  text: 'M',
  read: (reader) => {
    const type = reader.u32()
    if (type === NULL_MECHANISM) return undefined
    // The encoding of a vendor's parameter is the vendor's secret, so what follows it cannot be read either.
    if (type >= VENDOR_DEFINED) reader.refuse('CKR_MECHANISM_INVALID')
    const parameterForm = FORMS.get(type)
    const flagged = reader.dialect().flaggedParameters
    return { type, parameter: flagged ? readFlagged(reader, parameterForm) : readUnflagged(reader, parameterForm) }
  },
  write: (writer, value) => {
    writer.u32(value === undefined ? NULL_MECHANISM : value.type)
    if (value === undefined) return
    const parameterForm = FORMS.get(value.type)
    const flagged = writer.dialect().flaggedParameters
    if (parameterForm === undefined) {
      if (!flagged) writer.string(undefined)
      return
    }
    if (flagged) writer.u8(value.parameter._tag === 'none' ? 0 : 1)
    if (!flagged || value.parameter._tag !== 'none') parameterForm.write(writer, value.parameter)
  },
}

/** C_DeriveKey2 reports a changed mechanism parameter, of IBM mechanisms only: with us there is none. */
export const noParameterUpdate: Letter<void> = {
  text: 'P',
  read: (reader) => {
    reader.u8()
  },
  write: (writer) => writer.u8(0),
}
