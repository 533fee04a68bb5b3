/**
 * A mechanism parameter, decoded: the `CK_…_PARAMS` structures of PKCS#11 v2.40 §2 by name. Hash and MGF fields hold
 * `CKM_` and `CKG_` values, lengths are in bytes but for those that say bits.
 */
export type MechanismParameter =
  | Readonly<{ _tag: 'none' }>
  | Readonly<{ _tag: 'iv'; iv: Uint8Array }>
  | Readonly<{ _tag: 'pss'; hash: number; mgf: number; saltLength: number }>
  | Readonly<{ _tag: 'oaep'; hash: number; mgf: number; source: number; sourceData: Uint8Array }>
  | Readonly<{ _tag: 'gcm'; iv: Uint8Array; aad: Uint8Array; tagBits: number }>
  | Readonly<{ _tag: 'ctr'; counterBits: number; counterBlock: Uint8Array }>

/** A `CKM_` value and its parameter. */
export type Mechanism = Readonly<{ type: number; parameter: MechanismParameter }>

export const NO_PARAMETER: MechanismParameter = { _tag: 'none' }
