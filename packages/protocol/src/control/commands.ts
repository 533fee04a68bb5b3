import * as t from 'io-ts'
import { Base64Codec } from '@hsmlab/event-sourcing'
import { AvailabilityZoneCodec, BackupIdCodec, ClusterIdCodec, CommandIdCodec, HsmIdCodec } from '@hsmlab/domain'

/**
 * What the controller asks of a rack, the HSMs of one AZ, inside their channel. Requests and replies are rows of the
 * session frame (`encodeRequests`, `encodeReplies`; `session` is 0), bodies are canonical JSON. Every command is
 * idempotent: the same `commandId`, or the same HSM asked again for what it has already done, gets the same answer.
 */
export const CONTROL_OPERATION = {
  provisionHsm: 64,
  installClusterCertificate: 65,
  takeBackup: 66,
  readBackup: 67,
  writeBackup: 68,
  restoreBackup: 69,
  installMembership: 70,
  describeHsm: 71,
  describeRack: 72,
  handOverHsm: 73,
  decommissionHsm: 74,
  zeroizeHsm: 75,
  /** Rack to controller, as a request that nobody answers. */
  notification: 95,
} as const

/** Bytes of a backup in one `readBackup` or `writeBackup`: with base64 it fits into a frame. */
export const BACKUP_CHUNK_SIZE_MAX = 524_288
/** The largest backup of one HSM: 16,666 keys of the largest kind and 1,024 users stay far below. */
export const BACKUP_SIZE_MAX = 134_217_728

/**
 * Life of an HSM as its rack sees it:
 * `provisioned`: blank, with its identity; the first of its cluster has the cluster key and waits for its certificate,
 * a further one waits for a backup. `initialized`: cluster certificate installed, PRECO waits (first HSM only).
 * `restored`: holds the content of a backup, waits for a membership. `joining`: in the anti-entropy round before
 * service. `serving`: takes clients. `draining`: takes no clients any more, has handed over. `stopped`: its log cannot
 * be opened or written for now, and is tried again; nothing is lost. `failed`: its storage is damaged, `zeroized`: its
 * keys are gone; only a replacement helps.
 * The first HSM of a cluster takes clients from `initialized` on, `activated` then says that the PRECO password was changed.
 */
export const HsmCondition = t.keyof({
  provisioned: null,
  initialized: null,
  restored: null,
  joining: null,
  serving: null,
  draining: null,
  stopped: null,
  failed: null,
  zeroized: null,
})
export type HsmCondition = t.TypeOf<typeof HsmCondition>

export const HsmDescription = t.intersection([
  t.strict({
    hsmId: HsmIdCodec,
    condition: HsmCondition,
    /** The default password of PRECO `admin` has been changed: by `cluster activate`, or before the backup was made. */
    activated: t.boolean,
    /** Number of events on its log. */
    position: t.number,
    membershipVersion: t.number,
    /** Token keys and users, and the digest of `keyDigest`. */
    keys: t.number,
    users: t.number,
    digest: Base64Codec,
    /** Highest position of each peer's log that this HSM has taken in. */
    lag: t.record(t.string, t.number),
  }),
  t.exact(
    t.partial({
      /** Missing where the log that says so is not open. */
      clusterId: ClusterIdCodec,
      /** Why it is `stopped`, `failed` or `zeroized`. */
      reason: t.string,
    }),
  ),
])
export type HsmDescription = t.TypeOf<typeof HsmDescription>

/** What the first HSM of a cluster shows to be verified before initialization, as PEM ("Verify the identity …"). */
export const IdentityCertificates = t.strict({
  clusterCsr: t.string,
  hsmCertificate: t.string,
  awsHardwareCertificate: t.string,
  manufacturerHardwareCertificate: t.string,
})
export type IdentityCertificates = t.TypeOf<typeof IdentityCertificates>

const Nothing = t.strict({})
const One = { commandId: CommandIdCodec, hsmId: HsmIdCodec }

/** A taken backup: `digest` is the SHA-256 of its bytes, `size` their number, `position` the log position it holds. */
const BackupFacts = { backupId: BackupIdCodec, size: t.number, digest: Base64Codec }

/** Request and reply of every control operation. */
export const CONTROL_OPERATIONS = {
  /**
   * Makes an HSM with its directory, log and identity. `first`: it also makes the cluster's key, masking key, PRECO and
   * app_user, and shows its certificates. `controllerKey` (Ed25519) signs the memberships it will obey.
   */
  provisionHsm: {
    request: t.strict({
      ...One,
      clusterId: ClusterIdCodec,
      lane: t.number,
      availabilityZone: AvailabilityZoneCodec,
      eniIp: t.string,
      hsmType: t.string,
      mode: t.keyof({ FIPS: null, NON_FIPS: null }),
      first: t.boolean,
      controllerKey: Base64Codec,
    }),
    reply: t.intersection([
      t.strict({ serialNumber: t.string, identityKey: Base64Codec }),
      t.exact(t.partial({ certificates: IdentityCertificates })),
    ]),
  },
  /** PEM texts; the controller has verified them, the HSM checks that the certified key is its own. */
  installClusterCertificate: {
    request: t.strict({ ...One, certificate: t.string, trustAnchor: t.string }),
    reply: Nothing,
  },
  /** Encrypts the HSM's content; the rack keeps the bytes until it has been read, replaced by a newer one or restarted. */
  takeBackup: {
    request: t.strict({ ...One, backupId: BackupIdCodec }),
    reply: t.strict({ ...BackupFacts, position: t.number }),
  },
  readBackup: {
    request: t.strict({ hsmId: HsmIdCodec, backupId: BackupIdCodec, offset: t.number }),
    reply: t.strict({ bytes: Base64Codec }),
  },
  /** Chunks come in order of offset; writing one again changes nothing. */
  writeBackup: {
    request: t.strict({ hsmId: HsmIdCodec, backupId: BackupIdCodec, offset: t.number, bytes: Base64Codec }),
    reply: Nothing,
  },
  /** The HSM checks size and digest of what was written, decrypts it and takes it as its content. */
  restoreBackup: { request: t.strict({ ...One, ...BackupFacts }), reply: Nothing },
  /** `document`: canonical JSON of a `Membership`; an older version than the one it has changes nothing. */
  installMembership: {
    request: t.strict({ ...One, document: t.string, signature: Base64Codec }),
    reply: Nothing,
  },
  describeHsm: { request: t.strict({ hsmId: HsmIdCodec }), reply: HsmDescription },
  describeRack: { request: Nothing, reply: t.strict({ hsms: t.readonlyArray(HsmDescription) }) },
  /** Takes no clients any more, and gives its peers what they lack. The reply comes when that is done. */
  handOverHsm: { request: t.strict(One), reply: t.strict({ position: t.number }) },
  /** Destroys the HSM's keys and takes it out of service for good. An unknown HSM is decommissioned already. */
  decommissionHsm: { request: t.strict(One), reply: Nothing },
  /** Destroys the sealing keys; the log stays verifiable. */
  zeroizeHsm: { request: t.strict(One), reply: Nothing },
} as const
export type ControlOperationName = keyof typeof CONTROL_OPERATIONS
export type ControlRequestOf<Name extends ControlOperationName> = t.TypeOf<(typeof CONTROL_OPERATIONS)[Name]['request']>
export type ControlReplyOf<Name extends ControlOperationName> = t.TypeOf<(typeof CONTROL_OPERATIONS)[Name]['reply']>

/**
 * Why a rack says no. `unknownHsm`: it has none of that name. `wrongCondition`: not now, `message` says why. `unready`:
 * ask again (its peers do not answer, it has not caught up). `damaged`: storage or backup failed verification.
 * `malformed`: no such command.
 */
export const ControlRefusalCode = t.keyof({
  unknownHsm: null,
  wrongCondition: null,
  unready: null,
  damaged: null,
  malformed: null,
})
/** Body of a reply whose `ckr` is not 0. */
export const ControlRefusal = t.strict({ code: ControlRefusalCode, message: t.string })
export type ControlRefusal = t.TypeOf<typeof ControlRefusal>

/** Rack to controller: this HSM changed, look at it. May be lost; the controller also asks `describeRack` in turn. */
export const ControlNotification = t.strict({
  hsmId: HsmIdCodec,
  what: t.keyof({ activated: null, failed: null, returned: null }),
})
export type ControlNotification = t.TypeOf<typeof ControlNotification>
