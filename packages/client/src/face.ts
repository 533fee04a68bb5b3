import type { Either } from 'fp-ts/lib/Either.js'
import type { KeyHandle, KeyTemplate, Username } from '@hsmlab/domain'
import type { CkrName, Mechanism } from '@hsmlab/pkcs11'
import type { HsmInfo, KeyFilter, KeyView, LoggedInRole, Role, UserRole } from '@hsmlab/protocol'

/**
 * Why a call failed, as CloudHSM's client library says it. `hsmReturn` is the HSM's own code (157, 163, 187 …), 0 where
 * there is none; `message` is for people and logs and carries no secret.
 */
export type ClientFailure = Readonly<{ _tag: CkrName; hsmReturn: number; message: string }>
export type ClientResult<A> = Promise<Either<ClientFailure, A>>

/** A value that all reachable HSMs agree on, or do not. */
export type Agreed<A> = A | 'inconsistent'

/** A user over all HSMs ("user list", CloudHSM CLI): users are not repaired, so HSMs may differ. */
export type ClusterUser = Readonly<{
  username: string
  role: Agreed<UserRole>
  locked: Agreed<'true' | 'false'>
  coverage: 'full' | 'inconsistent'
}>

/** A key, and on how many of the reachable HSMs it stands. */
export type ClusterKey = Readonly<{ key: KeyView; coverage: 'full' | 'session' | 'inconsistent'; holders: number }>

/** Who is logged in; `unactivated-admin` before "cluster activate". */
export type LoggedIn = Readonly<{ username: Username; role: LoggedInRole }>

export type GenerateOptions = Readonly<{
  mechanism: number
  /** The PKCS#11 session that a session key belongs to; 0 for token keys. */
  tag: number
  sharedWith?: ReadonlyArray<Username>
}>

/**
 * One client application: a PKCS#11 program's connection, or one `cloudhsm-cli`. One login at a time, on all HSMs of
 * the cluster. `close` is CN_APP_FINALIZE: session keys go.
 */
export interface Application {
  /**
   * Logs in on every reachable HSM and succeeds when one accepts; an HSM that refuses the PIN is left out until the next
   * login. CKR_PIN_INCORRECT (157, 163), CKR_PIN_LOCKED, CKR_USER_ALREADY_LOGGED_IN, CKR_USER_ANOTHER_ALREADY_LOGGED_IN,
   * CKR_DEVICE_ERROR. `password` is taken over: wiped when the login fails, by `logout` and by `close`.
   */
  readonly login: (role: Role, username: string, password: Uint8Array) => ClientResult<LoggedIn>
  readonly logout: () => ClientResult<void>
  readonly loggedIn: () => LoggedIn | undefined
  readonly close: () => Promise<void>

  readonly generateKey: (template: KeyTemplate, options: GenerateOptions) => ClientResult<KeyView>
  readonly generateKeyPair: (
    publicTemplate: KeyTemplate,
    privateTemplate: KeyTemplate,
    options: GenerateOptions,
  ) => ClientResult<Readonly<{ publicKey: KeyView; privateKey: KeyView }>>
  /** Asks every HSM. Without login: public keys only. Keys that fail the availability check are left out, and logged. */
  readonly findKeys: (filter: KeyFilter) => ClientResult<ReadonlyArray<ClusterKey>>
  /** One HSM asked, nothing cached: what C_GetAttributeValue costs on CloudHSM. */
  readonly getKey: (handle: KeyHandle) => ClientResult<KeyView>
  readonly destroyKey: (handle: KeyHandle) => ClientResult<void>
  /** Ends a PKCS#11 session: its session keys go. */
  readonly endTag: (tag: number) => Promise<void>

  readonly sign: (handle: KeyHandle, mechanism: Mechanism, message: Uint8Array) => ClientResult<Uint8Array>
  readonly verify: (
    handle: KeyHandle,
    mechanism: Mechanism,
    message: Uint8Array,
    signature: Uint8Array,
  ) => ClientResult<void>
  readonly encrypt: (handle: KeyHandle, mechanism: Mechanism, plaintext: Uint8Array) => ClientResult<Uint8Array>
  readonly decrypt: (handle: KeyHandle, mechanism: Mechanism, ciphertext: Uint8Array) => ClientResult<Uint8Array>
  readonly random: (count: number) => ClientResult<Uint8Array>

  /** Changes the default password of the one HSM of an INITIALIZED cluster: INITIALIZED becomes ACTIVE. */
  readonly activate: (password: Uint8Array) => ClientResult<void>
  readonly hsmInfo: () => ClientResult<ReadonlyArray<HsmInfo>>
  readonly listUsers: () => ClientResult<ReadonlyArray<ClusterUser>>
  readonly createUser: (username: Username, role: Role, password: Uint8Array) => ClientResult<void>
  readonly deleteUser: (username: Username, role: Role) => ClientResult<void>
  readonly changePassword: (username: Username, role: Role, password: Uint8Array) => ClientResult<void>
}

/** Settings of the client library that `configure-pkcs11` and `configure-cli` write ("Client SDK 5 configure tool"). */
export type ClientSettings = Readonly<{
  /** ENI addresses of any HSMs of the cluster; the others are learned from them. */
  servers: ReadonlyArray<string>
  /** PEM of the customer's CA, one certificate or a chain. */
  hsmCaCertificate: string
  keyAvailabilityCheck: boolean
  retryMode: 'standard' | 'off'
}>

/** What a client must know of a cluster to trust it. */
export type ClusterSettings = Readonly<{
  /** Empty: the controller is asked. */
  servers: ReadonlyArray<string>
  /** PEM of the customer's CA. */
  hsmCaCertificate: string
  retryMode: 'standard' | 'off'
  /** The controller's Ed25519 key, raw: signs the membership. */
  controllerKey: Uint8Array
  /** Which cluster; left out where the addresses, or the only cluster there is, say it. */
  clusterId?: string
}>

/** One HSM of the cluster as this client sees it. `silence` in milliseconds, Infinity before the first channel. */
export type HsmConnection = Readonly<{
  hsmId: string
  availabilityZone: string
  connected: boolean
  serving: boolean
  silence: number
  outstanding: number
  /** Frames that were forged, stale or garbled. */
  droppedFrames: number
}>

/** What a PKCS#11 slot or a CLI sees of one cluster. */
export interface ClusterClient {
  /** `undefined` until the cluster has been found. */
  readonly clusterId: () => string | undefined
  /** In the order of the membership. */
  readonly connections: () => ReadonlyArray<HsmConnection>
  /** `keyAvailabilityCheck` differs between the two tools, so it belongs to the application. */
  readonly openApplication: (name: string, settings: Readonly<{ keyAvailabilityCheck: boolean }>) => Application
  readonly close: () => Promise<void>
}
