import * as t from 'io-ts'
import { Base64Codec, eventCodec, type FactCodec, factCodec, versioned } from '@hsmlab/event-sourcing'
import {
  AvailabilityZoneCodec,
  ClusterIdCodec,
  CommandIdCodec,
  HsmIdCodec,
  KeyHandleCodec,
  UsernameCodec,
} from '../identifiers.ts'
import { KeyRecord, Tombstone } from '../key/key-record.ts'
import type { HsmEvent } from './messages.ts'

export const HsmRoleCodec = t.keyof({ PRECO: null, admin: null, 'crypto-user': null, 'appliance-user': null })
const HsmModeCodec = t.keyof({ FIPS: null, NON_FIPS: null })
const KeySourceCodec = t.keyof({ client: null, peer: null, backup: null })

export const UserRecordCodec = t.strict({
  username: UsernameCodec,
  role: HsmRoleCodec,
  verifier: Base64Codec,
  failures: t.number,
})

const Session = { session: t.number }
const Person = { ...Session, username: UsernameCodec, role: HsmRoleCodec }
const Command = { ...Session, commandId: CommandIdCodec }

const codecs = [
  versioned(
    'HsmProvisioned',
    1,
    t.strict({
      hsmId: HsmIdCodec,
      clusterId: ClusterIdCodec,
      lane: t.number,
      availabilityZone: AvailabilityZoneCodec,
      eniIp: t.string,
      hsmType: t.string,
      mode: HsmModeCodec,
      serialNumber: t.string,
      identityKey: Base64Codec,
      controllerKey: Base64Codec,
      sealedIdentityKey: Base64Codec,
      staticKey: Base64Codec,
      sealedStaticKey: Base64Codec,
    }),
  ),
  versioned('HsmBooted', 1, t.strict({ bootCounter: t.number })),
  versioned(
    'HsmInitialized',
    1,
    t.strict({
      maskingKeyId: t.string,
      sealedMaskingKey: Base64Codec,
      sealedClusterKey: Base64Codec,
      precoVerifier: Base64Codec,
    }),
  ),
  versioned(
    'ClusterCertificateStored',
    1,
    t.strict({ clusterCertificate: t.string, trustAnchor: t.string, staticSignature: Base64Codec }),
  ),
  versioned(
    'MembershipInstalled',
    1,
    t.strict({ document: t.string, signature: Base64Codec, membershipVersion: t.number }),
  ),
  versioned('BackupTaken', 1, t.strict({ backupId: t.string })),
  versioned(
    'BackupRestoreStarted',
    1,
    t.strict({
      backupId: t.string,
      maskingKeyId: t.string,
      sealedMaskingKey: Base64Codec,
      sealedClusterKey: Base64Codec,
      clusterCertificate: t.string,
      trustAnchor: t.string,
      staticSignature: Base64Codec,
    }),
  ),
  versioned('UserRestored', 1, UserRecordCodec),
  versioned('BackupRestoreFinished', 1, t.strict({ backupId: t.string })),
  versioned('HsmZeroized', 1, t.strict({})),
  versioned('ChannelOpened', 1, t.strict(Session)),
  versioned('LoginSucceeded', 1, t.strict(Person)),
  versioned('LoginRefused', 1, t.strict({ ...Session, username: t.string, role: HsmRoleCodec, hsmReturn: t.number })),
  versioned('LoggedOut', 1, t.strict(Person)),
  versioned('ApplicationFinalized', 1, t.strict(Person)),
  versioned('UserCreated', 1, t.strict({ ...Person, commandId: CommandIdCodec, verifier: Base64Codec })),
  versioned('UserDeleted', 1, t.strict({ ...Person, commandId: CommandIdCodec })),
  versioned('PasswordChanged', 1, t.strict({ ...Person, commandId: CommandIdCodec, verifier: Base64Codec })),
  versioned('HandlesReserved', 1, t.strict({ upTo: t.number })),
  versioned('KeyGenerated', 1, t.strict({ ...Command, record: KeyRecord })),
  versioned('KeyPairGenerated', 1, t.strict({ ...Command, publicRecord: KeyRecord, privateRecord: KeyRecord })),
  versioned('SessionKeyGenerated', 1, t.strict({ ...Session, handle: KeyHandleCodec })),
  versioned(
    'SessionKeyPairGenerated',
    1,
    t.strict({ ...Session, publicHandle: KeyHandleCodec, privateHandle: KeyHandleCodec }),
  ),
  versioned('SessionKeyDestroyed', 1, t.strict({ ...Session, handle: KeyHandleCodec })),
  versioned('KeyExtracted', 1, t.strict({ ...Session, handle: KeyHandleCodec })),
  versioned(
    'KeyInserted',
    1,
    t.strict({
      ...Session,
      source: KeySourceCodec,
      commandId: t.string,
      record: KeyRecord,
      superseded: t.readonlyArray(t.string),
    }),
  ),
  versioned(
    'KeyDeleted',
    1,
    t.strict({ ...Session, source: KeySourceCodec, commandId: t.string, tombstone: Tombstone }),
  ),
]

const facts = factCodec('HsmFact', eventCodec<HsmEvent>(codecs))

/** A fact as it lies on an HSM's log. It holds no secret in the clear. */
export const encodeHsmFact: FactCodec<HsmEvent>['encode'] = facts.encode

/** Reads every version that was ever written. */
export const decodeHsmFact: FactCodec<HsmEvent>['decode'] = facts.decode
