import { decodeKeyMaterial, type KeyMaterial } from '@hsmlab/crypto'
import type { HsmEvent, HsmState, UserRecord } from '@hsmlab/domain'
import { type Base64, fromBase64, toBase64 } from '@hsmlab/event-sourcing'
import type { BackupContent, OpenedBackup } from './backup.ts'
import { bySync } from './insert.ts'
import { PURPOSE, type Sealer } from './sealer.ts'

/** What a backup carries, opened from what this HSM has sealed for itself. `undefined`: it holds no content. */
export const contentOf = (state: HsmState, sealer: Sealer): BackupContent | undefined => {
  const { sealedMaskingKey, sealedClusterKey, clusterCertificate, trustAnchor } = state
  if (sealedMaskingKey === undefined || sealedClusterKey === undefined) return undefined
  if (clusterCertificate === undefined || trustAnchor === undefined) return undefined
  const maskingKey = sealer.open(PURPOSE.maskingKey, sealedMaskingKey)
  const clusterKey = sealer.open(PURPOSE.clusterKey, sealedClusterKey)
  if (maskingKey === undefined || clusterKey === undefined) return undefined
  return {
    maskingKey: toBase64(maskingKey),
    clusterKey: toBase64(clusterKey),
    clusterCertificate,
    trustAnchor,
    users: [...state.users.values()].map((user) => withVerifier(user, opened(sealer, user))),
    keys: [...state.keys.values()],
    tombstones: [...state.tombstones.values()],
  }
}

const NOTHING = '' as Base64

const withVerifier = (user: UserRecord, verifier: Base64): UserRecord => ({ ...user, verifier })

const opened = (sealer: Sealer, { username, verifier }: UserRecord): Base64 => {
  const bytes = verifier === NOTHING ? undefined : sealer.open(PURPOSE.verifier(username), verifier)
  return bytes === undefined ? NOTHING : toBase64(bytes)
}

const resealed = (sealer: Sealer, { username, verifier }: UserRecord): Base64 =>
  verifier === NOTHING ? NOTHING : sealer.seal(PURPOSE.verifier(username), fromBase64(verifier))

/** The facts by which an HSM takes a backup as its content, everything sealed anew for itself. */
export const restoreEvents = (
  { label, content }: OpenedBackup,
  sealer: Sealer,
  staticSignature: Base64,
): ReadonlyArray<HsmEvent> => [
  {
    type: 'BackupRestoreStarted',
    backupId: label.backupId,
    maskingKeyId: label.maskingKeyId,
    sealedMaskingKey: sealer.seal(PURPOSE.maskingKey, fromBase64(content.maskingKey)),
    sealedClusterKey: sealer.seal(PURPOSE.clusterKey, fromBase64(content.clusterKey)),
    clusterCertificate: content.clusterCertificate,
    trustAnchor: content.trustAnchor,
    staticSignature,
  },
  ...content.users.map((user): HsmEvent => ({ type: 'UserRestored', ...withVerifier(user, resealed(sealer, user)) })),
  ...content.keys.map((record): HsmEvent => ({ type: 'KeyInserted', ...bySync('backup'), record, superseded: [] })),
  ...content.tombstones.map((tombstone): HsmEvent => ({ type: 'KeyDeleted', ...bySync('backup'), tombstone })),
  { type: 'BackupRestoreFinished', backupId: label.backupId },
]

/** The cluster key at work; `undefined` before there is one, and after zeroising. */
export const clusterKeyOf = (state: HsmState, sealer: Sealer): KeyMaterial | undefined => {
  const bytes =
    state.sealedClusterKey === undefined ? undefined : sealer.open(PURPOSE.clusterKey, state.sealedClusterKey)
  return bytes === undefined ? undefined : decodeKeyMaterial(bytes)
}
