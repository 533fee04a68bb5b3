import { CKG, CKM } from '@hsmlab/pkcs11'

export type HashName = 'SHA-1' | 'SHA-224' | 'SHA-256' | 'SHA-384' | 'SHA-512'

export type HashFacts = Readonly<{
  bytes: number
  blockBytes: number
  /** Strength against collisions, SP 800-57 part 1 rev. 5 table 3 (SHA-1 as CloudHSM's message states it). */
  strengthBits: number
  mechanism: number
  mgf: number
  /** The DER of a PKCS#1 v2.2 DigestInfo up to the digest (RFC 8017 §9.2 note 1), in hexadecimal. */
  digestInfo: string
}>

export const HASHES: Readonly<Record<HashName, HashFacts>> = {
  'SHA-1': {
    bytes: 20,
    blockBytes: 64,
    strengthBits: 80,
    mechanism: CKM.CKM_SHA_1,
    mgf: CKG.CKG_MGF1_SHA1,
    digestInfo: '3021300906052b0e03021a05000414',
  },
  'SHA-224': {
    bytes: 28,
    blockBytes: 64,
    strengthBits: 112,
    mechanism: CKM.CKM_SHA224,
    mgf: CKG.CKG_MGF1_SHA224,
    digestInfo: '302d300d06096086480165030402040500041c',
  },
  'SHA-256': {
    bytes: 32,
    blockBytes: 64,
    strengthBits: 128,
    mechanism: CKM.CKM_SHA256,
    mgf: CKG.CKG_MGF1_SHA256,
    digestInfo: '3031300d060960864801650304020105000420',
  },
  'SHA-384': {
    bytes: 48,
    blockBytes: 128,
    strengthBits: 192,
    mechanism: CKM.CKM_SHA384,
    mgf: CKG.CKG_MGF1_SHA384,
    digestInfo: '3041300d060960864801650304020205000430',
  },
  'SHA-512': {
    bytes: 64,
    blockBytes: 128,
    strengthBits: 256,
    mechanism: CKM.CKM_SHA512,
    mgf: CKG.CKG_MGF1_SHA512,
    digestInfo: '3051300d060960864801650304020305000440',
  },
}

export const HASH_NAMES: ReadonlyArray<HashName> = ['SHA-1', 'SHA-224', 'SHA-256', 'SHA-384', 'SHA-512']

/** The hash whose digest mechanism is `mechanism`, such as CKM_SHA256. */
export const hashOfMechanism = (mechanism: number): HashName | undefined =>
  HASH_NAMES.find((name) => HASHES[name].mechanism === mechanism)

/** The hash under a mask generation function, such as CKG_MGF1_SHA256. */
export const hashOfMgf = (mgf: number): HashName | undefined => HASH_NAMES.find((name) => HASHES[name].mgf === mgf)
