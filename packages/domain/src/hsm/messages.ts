import type { Either } from 'fp-ts/lib/Either.js'
import type { Base64, Fact, Message } from '@hsmlab/event-sourcing'
import type { CkrName } from '@hsmlab/pkcs11'
import type { AvailabilityZone, ClusterId, CommandId, HsmId, KeyHandle, Username } from '../identifiers.ts'
import type { KeyRecord, Tombstone } from '../key/key-record.ts'

/** `PRECO` is the pre-crypto-officer, the only person on a HSM that was never activated. */
export type HsmRole = 'PRECO' | 'admin' | 'crypto-user' | 'appliance-user'
export type HsmMode = 'FIPS' | 'NON_FIPS'

/** A password verifier (PBKDF2), sealed under the HSM's own key; the appliance user has none. */
export type SealedVerifier = Base64

/** The cluster key's word that this HSM's channel key is one of the cluster's; made when the HSM gets that key. */
export type StaticSignature = Base64

/** The account as a backup carries it: what locks it travels too. */
export type UserRecord = Readonly<{
  username: Username
  role: HsmRole
  verifier: SealedVerifier
  failures: number
}>

/** Who asks: the session, and the user logged in on it. */
export type Caller = Readonly<{ session: number; user: Readonly<{ username: Username; role: HsmRole }> | undefined }>

/** How a key came onto this HSM: made here, copied by a client, repaired from a peer, or out of a backup. */
export type KeySource = 'client' | 'peer' | 'backup'

export type HsmProvisioned = Message<
  'HsmProvisioned',
  {
    hsmId: HsmId
    clusterId: ClusterId
    lane: number
    availabilityZone: AvailabilityZone
    eniIp: string
    hsmType: string
    mode: HsmMode
    serialNumber: string
    identityKey: Base64
    /** Ed25519: signs the memberships that this HSM obeys. */
    controllerKey: Base64
    sealedIdentityKey: Base64
    staticKey: Base64
    sealedStaticKey: Base64
  }
>

export type HsmEvent =
  | HsmProvisioned
  | Message<'HsmBooted', { bootCounter: number }>
  /** The first HSM of a cluster: masking key, cluster key, PRECO and appliance user come into being. */
  | Message<
      'HsmInitialized',
      { maskingKeyId: string; sealedMaskingKey: Base64; sealedClusterKey: Base64; precoVerifier: SealedVerifier }
    >
  | Message<
      'ClusterCertificateStored',
      { clusterCertificate: string; trustAnchor: string; staticSignature: StaticSignature }
    >
  | Message<'MembershipInstalled', { document: string; signature: Base64; membershipVersion: number }>
  | Message<'BackupTaken', { backupId: string }>
  | Message<
      'BackupRestoreStarted',
      {
        backupId: string
        maskingKeyId: string
        sealedMaskingKey: Base64
        sealedClusterKey: Base64
        clusterCertificate: string
        trustAnchor: string
        staticSignature: StaticSignature
      }
    >
  | Message<'UserRestored', UserRecord>
  | Message<'BackupRestoreFinished', { backupId: string }>
  | Message<'HsmZeroized'>
  | Message<'ChannelOpened', { session: number }>
  | Message<'LoginSucceeded', { session: number; username: Username; role: HsmRole }>
  | Message<'LoginRefused', { session: number; username: string; role: HsmRole; hsmReturn: number }>
  | Message<'LoggedOut', { session: number; username: Username; role: HsmRole }>
  | Message<'ApplicationFinalized', { session: number; username: Username; role: HsmRole }>
  | Message<
      'UserCreated',
      { session: number; commandId: CommandId; username: Username; role: HsmRole; verifier: SealedVerifier }
    >
  | Message<'UserDeleted', { session: number; commandId: CommandId; username: Username; role: HsmRole }>
  | Message<
      'PasswordChanged',
      { session: number; commandId: CommandId; username: Username; role: HsmRole; verifier: SealedVerifier }
    >
  /** Counters below `upTo` are spent, used or not. */
  | Message<'HandlesReserved', { upTo: number }>
  | Message<'KeyGenerated', { session: number; commandId: CommandId; record: KeyRecord }>
  | Message<
      'KeyPairGenerated',
      { session: number; commandId: CommandId; publicRecord: KeyRecord; privateRecord: KeyRecord }
    >
  /** Session keys live in memory; the log keeps only that they were made and destroyed, for the audit. */
  | Message<'SessionKeyGenerated', { session: number; handle: KeyHandle }>
  | Message<'SessionKeyPairGenerated', { session: number; publicHandle: KeyHandle; privateHandle: KeyHandle }>
  | Message<'SessionKeyDestroyed', { session: number; handle: KeyHandle }>
  | Message<'KeyExtracted', { session: number; handle: KeyHandle }>
  /** A copy arrived, or a merge changed what stood here: `record` is what stands now. */
  | Message<
      'KeyInserted',
      { source: KeySource; session: number; commandId: string; record: KeyRecord; superseded: ReadonlyArray<string> }
    >
  | Message<'KeyDeleted', { source: KeySource; session: number; commandId: string; tombstone: Tombstone }>

/** An event with the moment it was decided, in wall microseconds. */
export type HsmFact = Fact<HsmEvent>

/** A refusal as PKCS#11 and the audit log name it; `hsmReturn` 0 where the HSM's own code is not known. */
export type HsmRejection = Readonly<{ _tag: CkrName; hsmReturn: number; message: string }>

/** A refusal can be a fact too: what is appended does not depend on what is answered. */
export type HsmDecision<Reply> = Readonly<{ events: ReadonlyArray<HsmEvent>; reply: Either<HsmRejection, Reply> }>
