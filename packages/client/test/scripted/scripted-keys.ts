import type { KeyHandle, KeyRecord, Stamp, Tombstone, Username } from '@hsmlab/domain'
import { toBase64 } from '@hsmlab/event-sourcing'

const SOME = toBase64(Uint8Array.of(1, 2, 3))

export const scriptedRecord = (
  handle: KeyHandle,
  owner: string,
  token: boolean,
  stamp: Stamp,
  keyClass: KeyRecord['fixed']['CKA_CLASS'] = 'CKO_SECRET_KEY',
): KeyRecord => ({
  handle,
  generation: 1,
  maskingKeyId: 'scripted',
  owner: owner as Username,
  fixed: {
    CKA_CLASS: keyClass,
    CKA_KEY_TYPE: 'CKK_AES',
    CKA_TOKEN: token,
    CKA_PRIVATE: true,
    CKA_LOCAL: true,
    CKA_SENSITIVE: true,
    CKA_ALWAYS_SENSITIVE: true,
    CKA_NEVER_EXTRACTABLE: false,
    CKA_KEY_GEN_MECHANISM: 0x1080,
  },
  sealed: SOME,
  mutable: {
    CKA_LABEL: SOME,
    CKA_ID: SOME,
    CKA_MODIFIABLE: true,
    CKA_DESTROYABLE: true,
    CKA_EXTRACTABLE: true,
    CKA_ENCRYPT: true,
    CKA_DECRYPT: true,
    CKA_SIGN: true,
    CKA_VERIFY: true,
    CKA_WRAP: true,
    CKA_UNWRAP: true,
    CKA_DERIVE: true,
    CKA_TRUSTED: false,
    CKA_WRAP_WITH_TRUSTED: false,
  },
  seen: {},
  stamps: { CKA_LABEL: stamp },
  shares: {},
  mac: SOME,
})

export const scriptedTombstone = (handle: KeyHandle, stamp: Stamp): Tombstone => ({
  handle,
  generation: 1,
  stamp,
  maskingKeyId: 'scripted',
  mac: SOME,
})
