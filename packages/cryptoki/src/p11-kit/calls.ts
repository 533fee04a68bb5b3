import { utf8Bytes } from '@hsmlab/event-sourcing'
import { attributeReadings, attributeRooms, attributes } from './attribute-codec.ts'
import {
  byte,
  byteArray,
  byteRoom,
  type Letter,
  output,
  padded,
  ulong,
  ulongList,
  ulongRoom,
  zeroString,
} from './letter.ts'
import { mechanism, noParameterUpdate } from './mechanism-codec.ts'
import { keyPair, libraryInfo, mechanismInfo, nothing, sessionInfo, slotInfo, tokenInfo } from './shapes.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

type Letters = ReadonlyArray<Letter<unknown>>
type ValuesOf<L extends Letters> = { -readonly [I in keyof L]: L[I] extends Letter<infer A> ? A : never }

/** One call: its number, the texts that both sides compare, and the codecs of its request and response. */
export type Call<Request extends ReadonlyArray<unknown> = ReadonlyArray<unknown>, Response = unknown> = Readonly<{
  number: number
  requestText: Uint8Array
  responseText: Uint8Array
  readRequest(reader: WireReader): Request
  writeRequest(writer: WireWriter, values: Request): void
  readResponse(reader: WireReader): Response
  writeResponse(writer: WireWriter, value: Response): void
}>

const call = <const L extends Letters, R>(number: number, request: L, response: Letter<R>): Call<ValuesOf<L>, R> => ({
  number,
  requestText: utf8Bytes(request.map(({ text }) => text).join('')),
  responseText: utf8Bytes(response.text),
  readRequest: (reader) => request.map((letter) => letter.read(reader)) as ValuesOf<L>,
  writeRequest: (writer, values) => request.forEach((letter, i) => letter.write(writer, values[i])),
  readResponse: (reader) => response.read(reader),
  writeResponse: (writer, value) => response.write(writer, value),
})

const derived: Letter<Readonly<{ code: number; key: number }>> = {
  text: 'uPu',
  read: (reader) => {
    const code = reader.u64()
    noParameterUpdate.read(reader)
    return { code, key: reader.u64() }
  },
  write: (writer, { code, key }) => {
    writer.u64(code)
    noParameterUpdate.write(writer)
    writer.u64(key)
  },
}

const init = [ulong, mechanism, ulong] as const
const transform = [ulong, byteArray, byteRoom] as const
const final = [ulong, byteRoom] as const
const part = [ulong, byteArray] as const
const session = [ulong] as const

/** Every call of p11-kit's RPC protocol, 1 to 89, with the texts of its request and response. */
export const CALLS = {
  C_Initialize: call(1, [byteArray, byte, byteArray], nothing),
  C_Finalize: call(2, [], nothing),
  C_GetInfo: call(3, [], libraryInfo),
  C_GetSlotList: call(4, [byte, ulongRoom], ulongList),
  C_GetSlotInfo: call(5, [ulong], slotInfo),
  C_GetTokenInfo: call(6, [ulong], tokenInfo),
  C_GetMechanismList: call(7, [ulong, ulongRoom], ulongList),
  C_GetMechanismInfo: call(8, [ulong, ulong], mechanismInfo),
  C_InitToken: call(9, [ulong, byteArray, zeroString], nothing),
  C_OpenSession: call(10, [ulong, ulong], ulong),
  C_CloseSession: call(11, session, nothing),
  C_CloseAllSessions: call(12, [ulong], nothing),
  C_GetSessionInfo: call(13, session, sessionInfo),
  C_InitPIN: call(14, part, nothing),
  C_SetPIN: call(15, [ulong, byteArray, byteArray], nothing),
  C_GetOperationState: call(16, final, output),
  C_SetOperationState: call(17, [ulong, byteArray, ulong, ulong], nothing),
  C_Login: call(18, [ulong, ulong, byteArray], nothing),
  C_Logout: call(19, session, nothing),
  C_CreateObject: call(20, [ulong, attributes], ulong),
  C_CopyObject: call(21, [ulong, ulong, attributes], ulong),
  C_DestroyObject: call(22, [ulong, ulong], nothing),
  C_GetObjectSize: call(23, [ulong, ulong], ulong),
  C_GetAttributeValue: call(24, [ulong, ulong, attributeRooms], attributeReadings),
  C_SetAttributeValue: call(25, [ulong, ulong, attributes], nothing),
  C_FindObjectsInit: call(26, [ulong, attributes], nothing),
  C_FindObjects: call(27, [ulong, ulongRoom], ulongList),
  C_FindObjectsFinal: call(28, session, nothing),
  C_EncryptInit: call(29, init, nothing),
  C_Encrypt: call(30, transform, output),
  C_EncryptUpdate: call(31, transform, output),
  C_EncryptFinal: call(32, final, output),
  C_DecryptInit: call(33, init, nothing),
  C_Decrypt: call(34, transform, output),
  C_DecryptUpdate: call(35, transform, output),
  C_DecryptFinal: call(36, final, output),
  C_DigestInit: call(37, [ulong, mechanism], nothing),
  C_Digest: call(38, transform, output),
  C_DigestUpdate: call(39, part, nothing),
  C_DigestKey: call(40, [ulong, ulong], nothing),
  C_DigestFinal: call(41, final, output),
  C_SignInit: call(42, init, nothing),
  C_Sign: call(43, transform, output),
  C_SignUpdate: call(44, part, nothing),
  C_SignFinal: call(45, final, output),
  C_SignRecoverInit: call(46, init, nothing),
  C_SignRecover: call(47, transform, output),
  C_VerifyInit: call(48, init, nothing),
  C_Verify: call(49, [ulong, byteArray, byteArray], nothing),
  C_VerifyUpdate: call(50, part, nothing),
  C_VerifyFinal: call(51, part, nothing),
  C_VerifyRecoverInit: call(52, init, nothing),
  C_VerifyRecover: call(53, transform, output),
  C_DigestEncryptUpdate: call(54, transform, output),
  C_DecryptDigestUpdate: call(55, transform, output),
  C_SignEncryptUpdate: call(56, transform, output),
  C_DecryptVerifyUpdate: call(57, transform, output),
  C_GenerateKey: call(58, [ulong, mechanism, attributes], ulong),
  C_GenerateKeyPair: call(59, [ulong, mechanism, attributes, attributes], keyPair),
  C_WrapKey: call(60, [ulong, mechanism, ulong, ulong, byteRoom], output),
  C_UnwrapKey: call(61, [ulong, mechanism, ulong, byteArray, attributes], ulong),
  C_DeriveKey: call(62, [ulong, mechanism, ulong, attributes], ulong),
  C_SeedRandom: call(63, part, nothing),
  C_GenerateRandom: call(64, final, output),
  C_WaitForSlotEvent: call(65, [ulong], ulong),
  C_LoginUser: call(66, [ulong, ulong, byteArray, byteArray], nothing),
  C_SessionCancel: call(67, [ulong, ulong], nothing),
  C_MessageEncryptInit: call(68, init, nothing),
  C_EncryptMessage: call(69, [ulong, byteArray, byteArray, byteArray, byteRoom], output),
  C_EncryptMessageBegin: call(70, [ulong, byteArray, byteArray], nothing),
  C_EncryptMessageNext: call(71, [ulong, byteArray, byteArray, byteRoom, ulong], output),
  C_MessageEncryptFinal: call(72, session, nothing),
  C_MessageDecryptInit: call(73, init, nothing),
  C_DecryptMessage: call(74, [ulong, byteArray, byteArray, byteArray, byteRoom], output),
  C_DecryptMessageBegin: call(75, [ulong, byteArray, byteArray], nothing),
  C_DecryptMessageNext: call(76, [ulong, byteArray, byteArray, byteRoom, ulong], output),
  C_MessageDecryptFinal: call(77, session, nothing),
  C_MessageSignInit: call(78, init, nothing),
  C_SignMessage: call(79, [ulong, byteArray, byteArray, byteRoom], output),
  C_SignMessageBegin: call(80, part, nothing),
  C_SignMessageNext: call(81, [ulong, byteArray, byteArray, byte, byteRoom], output),
  C_MessageSignFinal: call(82, session, nothing),
  C_MessageVerifyInit: call(83, init, nothing),
  C_VerifyMessage: call(84, [ulong, byteArray, byteArray, byteArray], nothing),
  C_VerifyMessageBegin: call(85, part, nothing),
  C_VerifyMessageNext: call(86, [ulong, byteArray, byteArray, byteArray], nothing),
  C_MessageVerifyFinal: call(87, session, nothing),
  C_InitToken2: call(88, [ulong, byteArray, padded(32)], nothing),
  C_DeriveKey2: call(89, [ulong, mechanism, ulong, attributes], derived),
} as const

export type CallName = keyof typeof CALLS
export type RequestOf<N extends CallName> = ReturnType<(typeof CALLS)[N]['readRequest']>
export type ResponseOf<N extends CallName> = ReturnType<(typeof CALLS)[N]['readResponse']>

/** The number in an error response. */
export const ERROR_CALL = 0
export const ERROR_TEXT = utf8Bytes('u')

/** What the first argument of C_Initialize must be. */
export const HANDSHAKE = utf8Bytes('PRIVATE-GNOME-KEYRING-PKCS11-PROTOCOL-V-1')
