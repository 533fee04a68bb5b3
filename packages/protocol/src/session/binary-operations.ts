import type { Mechanism, MechanismParameter } from '@hsmlab/pkcs11'
import { utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'
import { byteReader, type ByteReader, byteWriter, type ByteWriter } from './bytes.ts'
import type { Role } from './operations.ts'

/** `sign`, `encrypt`, `decrypt`: one single-part operation. `signature` only with `verify`, else empty. */
export type CryptoRequest = Readonly<{
  handle: number
  mechanism: Mechanism
  input: Uint8Array
  signature: Uint8Array
}>

/** `login`, `createUser` and `changePassword`: the operations that carry a password, in a buffer that can be wiped. */
export type PasswordRequest = Readonly<{ commandId: string; role: Role; username: string; password: Uint8Array }>

const PARAMETER_TAGS = ['none', 'iv', 'pss', 'oaep', 'gcm', 'ctr'] as const

const writeParameter = (writer: ByteWriter, parameter: MechanismParameter): void => {
  writer.u8(PARAMETER_TAGS.indexOf(parameter._tag))
  switch (parameter._tag) {
    case 'none':
      return
    case 'iv':
      writer.bytes(parameter.iv)
      return
    case 'pss':
      writer.u32(parameter.hash).u32(parameter.mgf).u32(parameter.saltLength)
      return
    case 'oaep':
      writer.u32(parameter.hash).u32(parameter.mgf).u32(parameter.source).bytes(parameter.sourceData)
      return
    case 'gcm':
      writer.bytes(parameter.iv).bytes(parameter.aad).u32(parameter.tagBits)
      return
    case 'ctr':
      writer.u32(parameter.counterBits).bytes(parameter.counterBlock)
      return
  }
}

const readParameter = (reader: ByteReader): MechanismParameter | undefined => {
  const tag = PARAMETER_TAGS[reader.u8()]
  if (tag === undefined) return undefined
  switch (tag) {
    case 'none':
      return { _tag: tag }
    case 'iv':
      return { _tag: tag, iv: reader.bytes() }
    case 'pss':
      return { _tag: tag, hash: reader.u32(), mgf: reader.u32(), saltLength: reader.u32() }
    case 'oaep':
      return { _tag: tag, hash: reader.u32(), mgf: reader.u32(), source: reader.u32(), sourceData: reader.bytes() }
    case 'gcm':
      return { _tag: tag, iv: reader.bytes(), aad: reader.bytes(), tagBits: reader.u32() }
    case 'ctr':
      return { _tag: tag, counterBits: reader.u32(), counterBlock: reader.bytes() }
  }
}

/** Enough for all but parameters with much data in them. */
const CRYPTO_REQUEST_OVERHEAD = 48

export const encodeCryptoRequest = ({ handle, mechanism, input, signature }: CryptoRequest): Uint8Array => {
  const writer = byteWriter(CRYPTO_REQUEST_OVERHEAD + input.length + signature.length)
    .u64(handle)
    .u32(mechanism.type)
  writeParameter(writer, mechanism.parameter)
  return writer.bytes(input).bytes(signature).finish()
}

/** `undefined`: no such request. The byte fields are views into `body`. */
export const decodeCryptoRequest = (body: Uint8Array): CryptoRequest | undefined => {
  const reader = byteReader(body)
  const handle = reader.u64()
  const type = reader.u32()
  const parameter = readParameter(reader)
  const input = reader.bytes()
  const signature = reader.bytes()
  if (parameter === undefined || !reader.finished()) return undefined
  return { handle, mechanism: { type, parameter }, input, signature }
}

const ROLES: ReadonlyArray<Role> = ['admin', 'crypto-user']

export const encodePasswordRequest = ({ commandId, role, username, password }: PasswordRequest): Uint8Array =>
  byteWriter().bytes(utf8Bytes(commandId)).u8(ROLES.indexOf(role)).bytes(utf8Bytes(username)).bytes(password).finish()

/** `undefined`: no such request. `password` is a view into `body`. */
export const decodePasswordRequest = (body: Uint8Array): PasswordRequest | undefined => {
  const reader = byteReader(body)
  const commandId = utf8Text(reader.bytes())
  const role = ROLES[reader.u8()]
  const username = utf8Text(reader.bytes())
  const password = reader.bytes()
  if (commandId === undefined || role === undefined || username === undefined || !reader.finished()) return undefined
  return { commandId, role, username, password }
}

export type LoggedInRole = Role | 'unactivated-admin'
const LOGGED_IN_ROLES: ReadonlyArray<LoggedInRole> = ['admin', 'crypto-user', 'unactivated-admin']

/** Reply of `login`: as what the user is logged in; on a cluster that was never activated, `admin` is the PRECO. */
export const encodeLoginReply = (role: LoggedInRole): Uint8Array => Uint8Array.of(LOGGED_IN_ROLES.indexOf(role))
export const decodeLoginReply = (body: Uint8Array): LoggedInRole | undefined =>
  body.length === 1 ? LOGGED_IN_ROLES[body[0] ?? LOGGED_IN_ROLES.length] : undefined

/** `random`: how many bytes, as u32. */
export const encodeRandomRequest = (count: number): Uint8Array => byteWriter(4).u32(count).finish()
export const decodeRandomRequest = (body: Uint8Array): number | undefined => {
  const reader = byteReader(body)
  const count = reader.u32()
  return reader.finished() ? count : undefined
}

/** What either side says every 50 ms: that it lives. An HSM adds what its clients need to choose and to follow. */
export type Beat = Readonly<{ membershipVersion: number; position: number; serving: boolean; outstanding: number }>

export const encodeBeat = (beat: Beat): Uint8Array =>
  byteWriter(32)
    .u32(beat.membershipVersion)
    .u64(beat.position)
    .u8(beat.serving ? 1 : 0)
    .u32(beat.outstanding)
    .finish()

export const decodeBeat = (body: Uint8Array): Beat | undefined => {
  const reader = byteReader(body)
  const beat = {
    membershipVersion: reader.u32(),
    position: reader.u64(),
    serving: reader.u8() === 1,
    outstanding: reader.u32(),
  }
  return reader.finished() ? beat : undefined
}
