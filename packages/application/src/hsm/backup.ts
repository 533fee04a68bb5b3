import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { openBackup, persistentBackupKey, sealBackup } from '@hsmlab/crypto'
import { BackupIdCodec, ClusterIdCodec, HsmIdCodec, KeyRecord, Tombstone, UserRecordCodec } from '@hsmlab/domain'
import { Base64Codec, canonicalJson, parseJsonBytes, utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'
import { byteReader, byteWriter } from '@hsmlab/protocol'
import type { HsmEnv } from './hsm-env.ts'

const MAGIC = 'hsmlab backup 1\n'
const EPHEMERAL_KEY_SIZE = 32

/** What anybody may read of a backup; bound to its ciphertext. */
export const BackupLabel = t.strict({
  backupId: BackupIdCodec,
  clusterId: ClusterIdCodec,
  hsmId: HsmIdCodec,
  maskingKeyId: t.string,
  /** The log position of the HSM at which it was taken. */
  position: t.number,
})
export type BackupLabel = t.TypeOf<typeof BackupLabel>

/**
 * All users with their credentials, all token keys, the cluster's own keys and certificates ("AWS CloudHSM cluster
 * backups"). In a user, `verifier` is the opened one: the backup seals it.
 */
export const BackupContent = t.strict({
  maskingKey: Base64Codec,
  clusterKey: Base64Codec,
  clusterCertificate: t.string,
  trustAnchor: t.string,
  users: t.readonlyArray(UserRecordCodec),
  keys: t.readonlyArray(KeyRecord),
  tombstones: t.readonlyArray(Tombstone),
})
export type BackupContent = t.TypeOf<typeof BackupContent>

type Needs = Pick<HsmEnv, 'engine' | 'random' | 'backupAuthorities'>

const persistentKey = ({ engine, backupAuthorities }: Needs, { maskingKeyId }: BackupLabel): Uint8Array =>
  persistentBackupKey(
    engine,
    { manufacturerKey: backupAuthorities.manufacturerKey, serviceKey: backupAuthorities.awsKey },
    utf8Bytes(maskingKeyId),
  )

/** The bytes of a backup: label in the clear, content under a key of its own. */
export const writeBackup = (env: Needs, label: BackupLabel, content: BackupContent): Uint8Array => {
  const labelBytes = utf8Bytes(canonicalJson(BackupLabel.encode(label)))
  const plaintext = utf8Bytes(canonicalJson(BackupContent.encode(content)))
  const ephemeralKey = env.random.bytes(EPHEMERAL_KEY_SIZE)
  const sealed = sealBackup(env.engine, persistentKey(env, label), ephemeralKey, labelBytes, plaintext)
  ephemeralKey.fill(0)
  plaintext.fill(0)
  return byteWriter(labelBytes.length + sealed.ciphertext.length + 128)
    .raw(utf8Bytes(MAGIC))
    .bytes(labelBytes)
    .bytes(sealed.wrappedKey)
    .bytes(sealed.ciphertext)
    .finish()
}

export type OpenedBackup = Readonly<{ label: BackupLabel; content: BackupContent }>

/** `undefined`: damaged, cut, altered, or of another maker's HSM. */
export const readBackup = (env: Needs, backup: Uint8Array): OpenedBackup | undefined => {
  const reader = byteReader(backup)
  const magic = utf8Text(reader.raw(MAGIC.length))
  const labelBytes = reader.bytes()
  const wrappedKey = reader.bytes()
  const ciphertext = reader.bytes()
  const label = BackupLabel.decode(parseJsonBytes(labelBytes))
  if (!reader.finished() || magic !== MAGIC || E.isLeft(label)) return undefined
  const sealed = { wrappedKey, ciphertext }
  const plaintext = openBackup(env.engine, persistentKey(env, label.right), labelBytes, sealed)
  if (plaintext === undefined) return undefined
  const content = BackupContent.decode(parseJsonBytes(plaintext))
  plaintext.fill(0)
  return E.isLeft(content) ? undefined : { label: label.right, content: content.right }
}
