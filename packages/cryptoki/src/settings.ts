import type { ClusterClient } from '@hsmlab/client'
import type { CryptoEngine } from '@hsmlab/crypto'
import type { Logger, Random } from '@hsmlab/ports'

/** What a configuration may change (`configure-pkcs11`, "Client SDK 5 configure tool"), and what fidelity left open. */
export type CryptokiSettings = Readonly<{
  /** "Key availability": a token key counts when two HSMs hold it. */
  keyAvailabilityCheck: boolean
  /** Refuses C_OpenSession without CKF_RW_SESSION with CKR_FUNCTION_FAILED, as CloudHSM's pages say. */
  requireReadWriteSessions: boolean
  /** Takes CKA_PRIVATE false in a template as if it were not given; CloudHSM refuses it. */
  acceptNotPrivate: boolean
  /** `--enable-ecdsa-with-weak-hash-function`: in FIPS mode too, ECDSA with a hash weaker than its curve. */
  ecdsaWithWeakHashFunction: boolean
}>

export const DEFAULT_SETTINGS: CryptokiSettings = {
  keyAvailabilityCheck: true,
  requireReadWriteSessions: false,
  acceptNotPrivate: false,
  ecdsaWithWeakHashFunction: false,
}

/** What the client library computes itself. */
export type HashEngine = Pick<CryptoEngine, 'digest' | 'startHash'>

/** What all programs share. */
export type CryptokiDependencies = Readonly<{
  /** Digests, and the hash part of signatures over long messages, are computed here. */
  engine: HashEngine
  random: Random
  logger: Logger
}>

/** What one program finds when it connects: one slot for each client, for as long as its cluster can be used. */
export type CryptokiConfiguration = Readonly<{ clients: ReadonlyArray<ClusterClient>; settings: CryptokiSettings }>

/** Sessions that one application may have open (CloudHSM User Guide, "Client SDK 5 PKCS #11 library"). */
export const SESSIONS_MAX = 1_024
