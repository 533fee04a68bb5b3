import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { counterKdf } from './counter-kdf.ts'
import type { Primitives } from './engine.ts'

/** The two roots of every backup: the HSM manufacturer's key (MKBK) and the service's (AKBK), 32 bytes each. */
export type BackupRootKeys = Readonly<{ manufacturerKey: Uint8Array; serviceKey: Uint8Array }>

/** A backup's content under its own key (EBK), and that key wrapped under the persistent one (PBK). */
export type SealedBackup = Readonly<{ wrappedKey: Uint8Array; ciphertext: Uint8Array }>

const LABEL = utf8ToBytes('hsmlab persistent backup key v1')
const KEY_BYTES = 32
/** An EBK seals one backup and is never used again, so its one nonce can be fixed. */
const NONCE = new Uint8Array(12)

/**
 * The persistent backup key: SP 800-108 counter KDF from MKBK and AKBK together, for one `context` such as the backup's
 * lineage (*AWS CloudHSM cluster backups*, security of backups). 32 bytes.
 */
export const persistentBackupKey = (
  primitives: Primitives,
  { manufacturerKey, serviceKey }: BackupRootKeys,
  context: Uint8Array,
): Uint8Array => counterKdf(primitives, concatBytes(manufacturerKey, serviceKey), LABEL, context, KEY_BYTES)

/**
 * Encrypts a backup as CloudHSM does: all content under `ephemeralKey` (32 random bytes, for this backup only) by
 * AES-256-GCM, that key wrapped by SP 800-38F KWP under the persistent one. `associatedData` names the backup.
 */
export const sealBackup = (
  primitives: Primitives,
  persistentKey: Uint8Array,
  ephemeralKey: Uint8Array,
  associatedData: Uint8Array,
  content: Uint8Array,
): SealedBackup => ({
  wrappedKey: primitives.aesKeyWrapPadded(persistentKey, ephemeralKey),
  ciphertext: primitives.aesGcm(ephemeralKey).seal(NONCE, associatedData, content),
})

/** The content; `undefined`: altered, another backup's, or sealed under other root keys. */
export const openBackup = (
  primitives: Primitives,
  persistentKey: Uint8Array,
  associatedData: Uint8Array,
  { wrappedKey, ciphertext }: SealedBackup,
): Uint8Array | undefined => {
  const ephemeralKey = primitives.aesKeyUnwrapPadded(persistentKey, wrappedKey)
  if (ephemeralKey?.length !== KEY_BYTES) return undefined
  const content = primitives.aesGcm(ephemeralKey).open(NONCE, associatedData, ciphertext)
  ephemeralKey.fill(0)
  return content
}
