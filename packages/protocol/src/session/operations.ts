import * as t from 'io-ts'
import { Base64Codec } from '@hsmlab/event-sourcing'
import {
  AvailabilityZoneCodec,
  ClusterIdCodec,
  CommandIdCodec,
  HsmIdCodec,
  KeyHandleCodec,
  KeyRecord,
  KeyTemplate,
  StampCodec,
  Tombstone,
  UsernameCodec,
} from '@hsmlab/domain'

/** What a proxy asks of an HSM inside their channel. Codes above 31 carry canonical JSON, those below are binary. */
export const OPERATION = {
  beat: 1,
  sign: 2,
  verify: 3,
  encrypt: 4,
  decrypt: 5,
  random: 6,
  login: 7,
  changePassword: 8,
  createUser: 9,
  openSession: 32,
  closeSession: 33,
  logout: 34,
  endTag: 35,
  hsmInfo: 36,
  membership: 37,
  listUsers: 38,
  deleteUser: 39,
  generateKey: 48,
  generateKeyPair: 49,
  findKeys: 50,
  getKey: 51,
  extractKey: 52,
  insertKey: 53,
  destroyKey: 54,
  keyDigest: 55,
} as const
export type OperationName = keyof typeof OPERATION

export const Role = t.keyof({ admin: null, 'crypto-user': null })
export type Role = t.TypeOf<typeof Role>

/** A user's role as CloudHSM CLI prints it. */
export const UserRole = t.keyof({
  'unactivated-admin': null,
  admin: null,
  'crypto-user': null,
  'internal(APPLIANCE_USER)': null,
})
export type UserRole = t.TypeOf<typeof UserRole>

export const UserView = t.strict({ username: t.string, role: UserRole, locked: t.boolean })
export type UserView = t.TypeOf<typeof UserView>

/**
 * A key as its users see it: everything but the sealed bytes. `holderPosition` is the log position that made it so.
 * A session key carries the tag it was made under, and no stamps.
 */
export const KeyView = t.strict({
  handle: KeyHandleCodec,
  generation: t.number,
  owner: UsernameCodec,
  sharedWith: t.readonlyArray(UsernameCodec),
  attributes: KeyTemplate,
})
export type KeyView = t.TypeOf<typeof KeyView>

export const HsmInfo = t.strict({
  hsmId: HsmIdCodec,
  vendor: t.string,
  model: t.string,
  serialNumber: t.string,
  hardwareVersionMajor: t.string,
  hardwareVersionMinor: t.string,
  firmwareVersionMajor: t.string,
  firmwareVersionMinor: t.string,
  firmwareBuildNumber: t.string,
  firmwareId: t.string,
  fipsState: t.string,
})
export type HsmInfo = t.TypeOf<typeof HsmInfo>

const Nothing = t.strict({})

/** Which keys: all attributes named must be equal; bytes compare as bytes. */
export const KeyFilter = t.exact(t.partial({ handle: KeyHandleCodec, attributes: KeyTemplate }))
export type KeyFilter = t.TypeOf<typeof KeyFilter>

/** `tag` groups the session keys that one PKCS#11 session made: `endTag` destroys them. 0 for token keys. */
const Generation = {
  commandId: CommandIdCodec,
  tag: t.number,
  mechanism: t.number,
  sharedWith: t.readonlyArray(UsernameCodec),
}

/** Request and reply of every operation with a JSON body. */
export const JSON_OPERATIONS = {
  /** Makes a session that is not logged in; the reply's handle is the one of the audit log. */
  openSession: { request: t.strict({ application: t.string }), reply: t.strict({ session: t.number }) },
  closeSession: { request: Nothing, reply: Nothing },
  logout: { request: Nothing, reply: Nothing },
  endTag: { request: t.strict({ tag: t.number }), reply: Nothing },
  hsmInfo: { request: Nothing, reply: HsmInfo },
  membership: { request: Nothing, reply: t.strict({ document: t.string, signature: Base64Codec }) },
  listUsers: { request: Nothing, reply: t.strict({ users: t.readonlyArray(UserView) }) },
  deleteUser: { request: t.strict({ commandId: CommandIdCodec, username: UsernameCodec, role: Role }), reply: Nothing },
  generateKey: { request: t.strict({ ...Generation, template: KeyTemplate }), reply: t.strict({ key: KeyView }) },
  generateKeyPair: {
    request: t.strict({ ...Generation, publicTemplate: KeyTemplate, privateTemplate: KeyTemplate }),
    reply: t.strict({ publicKey: KeyView, privateKey: KeyView }),
  },
  /** Token keys, and the session keys of this session; at most `limit`, after the handle `after`. */
  findKeys: {
    request: t.strict({ filter: KeyFilter, after: t.number, limit: t.number }),
    reply: t.strict({ keys: t.readonlyArray(KeyView), more: t.boolean }),
  },
  getKey: { request: t.strict({ handle: KeyHandleCodec }), reply: t.strict({ key: KeyView }) },
  extractKey: { request: t.strict({ handle: KeyHandleCodec }), reply: t.strict({ record: KeyRecord }) },
  insertKey: { request: t.strict({ commandId: CommandIdCodec, record: KeyRecord }), reply: Nothing },
  /** The first HSM is asked without `tombstone` and answers with the one it made; the others get that one. */
  destroyKey: {
    request: t.intersection([
      t.strict({ commandId: CommandIdCodec, handle: KeyHandleCodec }),
      t.exact(t.partial({ tombstone: Tombstone, seen: StampCodec })),
    ]),
    reply: t.exact(t.partial({ tombstone: Tombstone })),
  },
  /** SHA-256 over the canonical token keys and tombstones, base64; `keys` counts token keys. */
  keyDigest: { request: Nothing, reply: t.strict({ digest: Base64Codec, keys: t.number, position: t.number }) },
} as const
export type JsonOperationName = keyof typeof JSON_OPERATIONS
export type RequestOf<Name extends JsonOperationName> = t.TypeOf<(typeof JSON_OPERATIONS)[Name]['request']>
export type ReplyOf<Name extends JsonOperationName> = t.TypeOf<(typeof JSON_OPERATIONS)[Name]['reply']>

/** One HSM as the membership document names it. `laneFrom`.. are the controller's; keys are raw bytes. */
export const Member = t.strict({
  hsmId: HsmIdCodec,
  availabilityZone: AvailabilityZoneCodec,
  eniIp: t.string,
  lane: t.number,
  /** Ed25519: signs the heads of its log. */
  identityKey: Base64Codec,
})
export type Member = t.TypeOf<typeof Member>

/** Who belongs to a cluster. Signed by the controller (Ed25519 over the canonical JSON); `version` only grows. */
export const Membership = t.strict({
  clusterId: ClusterIdCodec,
  version: t.number,
  mode: t.keyof({ FIPS: null, NON_FIPS: null }),
  hsmType: t.string,
  members: t.readonlyArray(Member),
})
export type Membership = t.TypeOf<typeof Membership>
