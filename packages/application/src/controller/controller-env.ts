import type { Ed25519KeyPair, X25519KeyPair } from '@hsmlab/crypto'
import { type AvailabilityZone, DEFAULT_LIMITS, type Limits } from '@hsmlab/domain'
import type {
  Disk,
  HasBus,
  HasCertificateVerifier,
  HasClock,
  HasCryptoEngine,
  HasLogger,
  HasRandom,
} from '@hsmlab/ports'

export type ControllerEnv = HasBus &
  HasClock &
  HasRandom &
  HasLogger &
  HasCryptoEngine &
  HasCertificateVerifier &
  Readonly<{
    /** The controller's log with its head file. Its lock fences a second controller off. */
    disk: Disk
    /** Backups as the HSMs encrypted them. */
    vault: Disk
  }>

/** How long transitions take at least, in milliseconds. */
export type TransitionDelays = Readonly<{
  createCluster: number
  createHsm: number
  initialize: number
  deleteHsm: number
  deleteCluster: number
}>

export type ControllerSettings = Readonly<{
  limits: Limits
  delays: TransitionDelays
  /** UPDATE_IN_PROGRESS and DEGRADED are shown, as long as HSMs come, go or are not well; else ACTIVE throughout. */
  showsTransitions: boolean
  /** How often every rack is asked how its HSMs are. */
  pollMillis: number
  /** An HSM that has not answered for this long is DEGRADED. */
  silenceMillis: number
  /** An HSM that has not answered for this long leaves without handing over, where others hold what it held. */
  giveUpMillis: number
  /** An HSM that has not answered for this long is replaced; undefined: never. A broken one is replaced at once. */
  replaceAfterMillis: number | undefined
  /** Pauses between attempts at one step: the first, and the longest they grow to, for what is on its way or refused. */
  retryMillis: Readonly<{ first: number; mostWaiting: number; most: number }>
  /** How long a rack may take for one command, and for saying how its HSMs are. */
  commandMillis: number
  describeMillis: number
  /** How long DescribeClusters still shows a deleted cluster. */
  deletedShownMillis: number
}>

const MINUTE = 60_000

/** Transitions take what they take: milliseconds. */
export const DEFAULT_CONTROLLER_SETTINGS: ControllerSettings = {
  limits: DEFAULT_LIMITS,
  delays: { createCluster: 0, createHsm: 0, initialize: 0, deleteHsm: 0, deleteCluster: 0 },
  showsTransitions: true,
  pollMillis: 1000,
  silenceMillis: 3000,
  giveUpMillis: 30_000,
  replaceAfterMillis: undefined,
  retryMillis: { first: 20, mostWaiting: 100, most: 5000 },
  commandMillis: 10_000,
  describeMillis: 2000,
  deletedShownMillis: 60 * MINUTE,
}

/** `--time-scale real`: about what AWS takes, which it only calls "several minutes". */
export const REAL_TIME_CONTROLLER_SETTINGS: ControllerSettings = {
  ...DEFAULT_CONTROLLER_SETTINGS,
  delays: {
    createCluster: MINUTE,
    createHsm: 6 * MINUTE,
    initialize: 2 * MINUTE,
    deleteHsm: 2 * MINUTE,
    deleteCluster: MINUTE,
  },
  replaceAfterMillis: 10 * MINUTE,
}

/** Who the controller is, and whom it knows. Keys are the assembly's to keep; none of them enters the log. */
export type ControllerPart = Readonly<{
  /** Signs memberships. */
  signingKey: Ed25519KeyPair
  /** Its end of the control channels, pinned at the racks. */
  controllerKey: X25519KeyPair
  /** Raw X25519 public key of each zone's rack, pinned. A zone without a rack has no subnet. */
  racks: ReadonlyMap<AvailabilityZone, Uint8Array>
  /** 32 bytes, for the controller's log only. */
  logMacKey: Uint8Array
  /** True once, when the product instance is made. */
  create: boolean
  settings: ControllerSettings
}>
