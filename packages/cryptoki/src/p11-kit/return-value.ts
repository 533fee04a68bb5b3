import { CKR, type CkrName } from '@hsmlab/pkcs11'

const NAMES: ReadonlyMap<number, CkrName> = new Map(
  Object.entries(CKR).map(([name, value]) => [value, name as CkrName]),
)

export const ckrValue = (name: CkrName): number => CKR[name]

/** Values without a name read as CKR_GENERAL_ERROR. */
export const ckrName = (value: number): CkrName => NAMES.get(value) ?? 'CKR_GENERAL_ERROR'
