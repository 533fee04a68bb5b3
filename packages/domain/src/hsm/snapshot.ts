import * as t from 'io-ts'
import * as E from 'fp-ts/lib/Either.js'
import { Base64Codec, parseJson } from '@hsmlab/event-sourcing'
import { AvailabilityZoneCodec, ClusterIdCodec, HsmIdCodec, StampCodec } from '../identifiers.ts'
import { KeyRecord, Tombstone } from '../key/key-record.ts'
import { UserRecordCodec } from './codec.ts'
import type { HsmState } from './state.ts'

const optional = <A, O>(codec: t.Type<A, O>) => t.union([codec, t.undefined])

const CanonicalState = t.strict({
  identity: optional(
    t.strict({
      hsmId: HsmIdCodec,
      clusterId: ClusterIdCodec,
      lane: t.number,
      availabilityZone: AvailabilityZoneCodec,
      eniIp: t.string,
      hsmType: t.string,
      mode: t.keyof({ FIPS: null, NON_FIPS: null }),
      serialNumber: t.string,
      identityKey: Base64Codec,
      controllerKey: Base64Codec,
      sealedIdentityKey: Base64Codec,
      staticKey: Base64Codec,
      sealedStaticKey: Base64Codec,
    }),
  ),
  phase: t.keyof({ BLANK: null, UNINITIALIZED: null, INITIALIZED: null, ACTIVE: null, ZEROIZED: null }),
  bootCounter: t.number,
  maskingKeyId: optional(t.string),
  sealedMaskingKey: optional(Base64Codec),
  sealedClusterKey: optional(Base64Codec),
  clusterCertificate: optional(t.string),
  trustAnchor: optional(t.string),
  staticSignature: optional(Base64Codec),
  membership: optional(t.strict({ document: t.string, signature: Base64Codec, version: t.number })),
  users: t.readonlyArray(UserRecordCodec),
  keys: t.readonlyArray(KeyRecord),
  tombstones: t.readonlyArray(Tombstone),
  commands: t.readonlyArray(t.strict({ commandId: t.string, type: t.string, handles: t.readonlyArray(t.number) })),
  reservedUpTo: t.number,
  lastStamp: optional(StampCodec),
})

/** The state that `canonicalHsmState` wrote; `undefined` for anything else: then the log is folded from its start. */
export const readHsmSnapshot = (canonical: string): HsmState | undefined => {
  const decoded = CanonicalState.decode(parseJson(canonical))
  if (E.isLeft(decoded)) return undefined
  const { users, keys, tombstones, commands, ...rest } = decoded.right
  return {
    ...rest,
    users: new Map(users.map((user) => [user.username, user])),
    keys: new Map(keys.map((record) => [record.handle, record])),
    tombstones: new Map(tombstones.map((tombstone) => [tombstone.handle, tombstone])),
    commands: new Map(commands.map(({ commandId, ...outcome }) => [commandId, outcome])),
  }
}
