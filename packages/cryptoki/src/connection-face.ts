import type { MechanismInfo } from '@hsmlab/crypto'
import type { Reply } from './answer.ts'
import type { Attribute, AttributeReadings, AttributeRoom } from './attribute.ts'
import type { CallMechanism } from './call-mechanism.ts'
import type { LibraryInfo, SessionInfo, SlotInfo, TokenInfo } from './infos.ts'
import type { Output, Room } from './output.ts'

type Template = ReadonlyArray<Attribute>
/** `undefined` cancels the operation (PKCS#11 v3.0 §5.8). */
type MaybeMechanism = CallMechanism | undefined

/**
 * One program's library, as PKCS#11 v2.40 describes it: the calls that CloudHSM's library supports ("Supported API
 * operations for the PKCS #11 library"), with sizes and pointers taken care of. Sessions, login, objects and
 * operations of one connection are not seen by another.
 *
 * Calls of one session take place one after the other; those of different sessions at the same time. A byte argument
 * is only read until the call is answered. No call throws, none rejects.
 */
export interface CryptokiConnection {
  readonly C_Initialize: () => Reply<void>
  readonly C_Finalize: () => Reply<void>
  readonly C_GetInfo: () => Reply<LibraryInfo>
  readonly C_GetSlotList: (tokenPresent: boolean) => Reply<ReadonlyArray<number>>
  readonly C_GetSlotInfo: (slotId: number) => Reply<SlotInfo>
  readonly C_GetTokenInfo: (slotId: number) => Reply<TokenInfo>
  readonly C_GetMechanismList: (slotId: number) => Reply<ReadonlyArray<number>>
  readonly C_GetMechanismInfo: (slotId: number, type: number) => Reply<MechanismInfo>

  readonly C_OpenSession: (slotId: number, flags: number) => Reply<number>
  readonly C_CloseSession: (session: number) => Reply<void>
  readonly C_CloseAllSessions: (slotId: number) => Reply<void>
  readonly C_GetSessionInfo: (session: number) => Reply<SessionInfo>
  /** `pin` is `<user>:<password>`; it is copied, and the caller wipes its own. */
  readonly C_Login: (session: number, userType: number, pin: Uint8Array) => Reply<void>
  readonly C_Logout: (session: number) => Reply<void>

  readonly C_DestroyObject: (session: number, object: number) => Reply<void>
  readonly C_GetAttributeValue: (
    session: number,
    object: number,
    rooms: ReadonlyArray<AttributeRoom>,
  ) => Reply<AttributeReadings>
  readonly C_FindObjectsInit: (session: number, template: Template) => Reply<void>
  readonly C_FindObjects: (session: number, countMax: number) => Reply<ReadonlyArray<number>>
  readonly C_FindObjectsFinal: (session: number) => Reply<void>

  readonly C_EncryptInit: (session: number, mechanism: MaybeMechanism, key: number) => Reply<void>
  readonly C_Encrypt: (session: number, plaintext: Uint8Array, room: Room) => Reply<Output>
  readonly C_EncryptUpdate: (session: number, part: Uint8Array, room: Room) => Reply<Output>
  readonly C_EncryptFinal: (session: number, room: Room) => Reply<Output>
  readonly C_DecryptInit: (session: number, mechanism: MaybeMechanism, key: number) => Reply<void>
  readonly C_Decrypt: (session: number, ciphertext: Uint8Array, room: Room) => Reply<Output>
  readonly C_DecryptUpdate: (session: number, part: Uint8Array, room: Room) => Reply<Output>
  readonly C_DecryptFinal: (session: number, room: Room) => Reply<Output>
  readonly C_DigestInit: (session: number, mechanism: MaybeMechanism) => Reply<void>
  readonly C_Digest: (session: number, message: Uint8Array, room: Room) => Reply<Output>
  readonly C_DigestUpdate: (session: number, part: Uint8Array) => Reply<void>
  readonly C_DigestFinal: (session: number, room: Room) => Reply<Output>
  readonly C_SignInit: (session: number, mechanism: MaybeMechanism, key: number) => Reply<void>
  readonly C_Sign: (session: number, message: Uint8Array, room: Room) => Reply<Output>
  readonly C_SignUpdate: (session: number, part: Uint8Array) => Reply<void>
  readonly C_SignFinal: (session: number, room: Room) => Reply<Output>
  readonly C_VerifyInit: (session: number, mechanism: MaybeMechanism, key: number) => Reply<void>
  readonly C_Verify: (session: number, message: Uint8Array, signature: Uint8Array) => Reply<void>
  readonly C_VerifyUpdate: (session: number, part: Uint8Array) => Reply<void>
  readonly C_VerifyFinal: (session: number, signature: Uint8Array) => Reply<void>

  readonly C_GenerateKey: (session: number, mechanism: MaybeMechanism, template: Template) => Reply<number>
  readonly C_GenerateKeyPair: (
    session: number,
    mechanism: MaybeMechanism,
    publicTemplate: Template,
    privateTemplate: Template,
  ) => Reply<Readonly<{ publicKey: number; privateKey: number }>>
  readonly C_GenerateRandom: (session: number, count: number) => Reply<Uint8Array>

  /** The program is gone: what C_Finalize does, whether it was called or not. */
  readonly close: () => Promise<void>
}
