import { PASSWORD_ITERATIONS_DEFAULT } from '@hsmlab/crypto'
import type {
  HasBus,
  HasCertificateVerifier,
  HasClock,
  HasCryptoEngine,
  HasHardwareIssuer,
  HasLogger,
  HasRandom,
} from '@hsmlab/ports'

export type HsmSettings = Readonly<{
  /** PBKDF2 iterations behind a stored password. */
  passwordIterations: number
  /** How often an HSM compares its keys with one of its peers, in milliseconds. */
  syncPeriodMillis: number
  /** The cluster's key: RSA as on CloudHSM; EC where keys have to be made quickly. */
  clusterKey: 'rsa' | 'ec'
}>

export const DEFAULT_HSM_SETTINGS: HsmSettings = {
  passwordIterations: PASSWORD_ITERATIONS_DEFAULT,
  syncPeriodMillis: 1000,
  clusterKey: 'rsa',
}

/**
 * The keys that every HSM of this maker, and AWS, put into a backup key: what an HSM of another maker lacks ("AWS
 * CloudHSM cluster backups").
 */
export type BackupAuthorities = Readonly<{ manufacturerKey: Uint8Array; awsKey: Uint8Array }>

export type HsmEnv = HasBus &
  HasClock &
  HasRandom &
  HasLogger &
  HasCryptoEngine &
  HasCertificateVerifier &
  HasHardwareIssuer &
  Readonly<{ settings: HsmSettings; backupAuthorities: BackupAuthorities }>
