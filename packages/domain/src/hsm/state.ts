import { type Base64, canonicalJson } from '@hsmlab/event-sourcing'
import type { KeyHandle, Stamp, Username } from '../identifiers.ts'
import type { KeyRecord, Tombstone } from '../key/key-record.ts'
import { latestStamp } from '../sync/change.ts'
import { HSM_RETURN } from './hsm-return.ts'
import type { HsmFact, HsmProvisioned, UserRecord } from './messages.ts'

/** How many finished commands an HSM remembers, so that a retry gets the same answer. */
export const REMEMBERED_COMMANDS_MAX = 4096

/** An HSM that was never initialised, has no cluster certificate yet, serves, or has lost all its keys. */
export type HsmPhase = 'BLANK' | 'UNINITIALIZED' | 'INITIALIZED' | 'ACTIVE' | 'ZEROIZED'

export type HsmIdentity = Omit<HsmProvisioned, 'type'>

/** What a finished command answered, in as few words as the answer can be made from again. */
export type CommandOutcome = Readonly<{ type: string; handles: ReadonlyArray<number> }>

/**
 * The durable state of one HSM: a fold over its log. The maps are private to the fold, which changes them in place;
 * whoever reads the state must not.
 */
export type HsmState = {
  identity: HsmIdentity | undefined
  phase: HsmPhase
  /** How often it was started: the audit log's reboot counter. */
  bootCounter: number
  maskingKeyId: string | undefined
  sealedMaskingKey: Base64 | undefined
  sealedClusterKey: Base64 | undefined
  clusterCertificate: string | undefined
  trustAnchor: string | undefined
  staticSignature: Base64 | undefined
  membership: Readonly<{ document: string; signature: Base64; version: number }> | undefined
  readonly users: Map<Username, UserRecord>
  readonly keys: Map<KeyHandle, KeyRecord>
  readonly tombstones: Map<KeyHandle, Tombstone>
  /** Commands in the order in which they were finished; the oldest are forgotten. */
  readonly commands: Map<string, CommandOutcome>
  /** Handle counters below this one are spent. */
  reservedUpTo: number
  lastStamp: Stamp | undefined
}

export const blankHsm = (): HsmState => ({
  identity: undefined,
  phase: 'BLANK',
  bootCounter: 0,
  maskingKeyId: undefined,
  sealedMaskingKey: undefined,
  sealedClusterKey: undefined,
  clusterCertificate: undefined,
  trustAnchor: undefined,
  staticSignature: undefined,
  membership: undefined,
  users: new Map(),
  keys: new Map(),
  tombstones: new Map(),
  commands: new Map(),
  reservedUpTo: 1,
  lastStamp: undefined,
})

const PRECO_NAME = 'admin' as Username
const APPLIANCE_NAME = 'app_user' as Username

/** Iterators that stand behind what was forgotten: a new one would walk past all of it, thousands at a time. */
const oldestIn = new WeakMap<HsmState['commands'], Iterator<string>>()

const forgetOldest = (commands: HsmState['commands']): void => {
  const oldest = oldestIn.get(commands) ?? commands.keys()
  oldestIn.set(commands, oldest)
  const next = oldest.next()
  if (next.done !== true) commands.delete(next.value)
}

const remember = (state: HsmState, commandId: string, outcome: CommandOutcome): void => {
  if (commandId === '') return
  state.commands.delete(commandId)
  state.commands.set(commandId, outcome)
  if (state.commands.size > REMEMBERED_COMMANDS_MAX) forgetOldest(state.commands)
}

const noteStamp = (state: HsmState, stamp: Stamp): void => {
  if (state.lastStamp === undefined || stamp > state.lastStamp) state.lastStamp = stamp
}

const putKey = (state: HsmState, record: KeyRecord): void => {
  state.keys.set(record.handle, record)
  const latest = latestStamp(record)
  if (latest !== undefined) noteStamp(state, latest)
}

const putUser = (state: HsmState, user: UserRecord): void => {
  state.users.set(user.username, user)
}

/** Only a wrong password counts: an account that does not exist (157) is not the one of the same name. */
const countFailure = (state: HsmState, username: string, hsmReturn: number): void => {
  const user = state.users.get(username as Username)
  if (user === undefined || hsmReturn !== HSM_RETURN.loginFailure) return
  putUser(state, { ...user, failures: user.failures + 1 })
}

/**
 * Applies one fact in place. Total: what is on the log is applied, never questioned. The result is `state` itself.
 */
export const evolveHsm = (state: HsmState, { event }: HsmFact): HsmState => {
  switch (event.type) {
    case 'HsmProvisioned': {
      const { type: _type, ...identity } = event
      state.identity = identity
      return state
    }
    case 'HsmBooted':
      state.bootCounter = event.bootCounter
      return state
    case 'HsmInitialized':
      state.phase = 'UNINITIALIZED'
      state.maskingKeyId = event.maskingKeyId
      state.sealedMaskingKey = event.sealedMaskingKey
      state.sealedClusterKey = event.sealedClusterKey
      putUser(state, { username: PRECO_NAME, role: 'PRECO', verifier: event.precoVerifier, failures: 0 })
      putUser(state, { username: APPLIANCE_NAME, role: 'appliance-user', verifier: '' as Base64, failures: 0 })
      return state
    case 'ClusterCertificateStored':
      state.phase = 'INITIALIZED'
      state.clusterCertificate = event.clusterCertificate
      state.trustAnchor = event.trustAnchor
      state.staticSignature = event.staticSignature
      return state
    case 'MembershipInstalled':
      state.membership = { document: event.document, signature: event.signature, version: event.membershipVersion }
      return state
    case 'BackupRestoreStarted':
      state.maskingKeyId = event.maskingKeyId
      state.sealedMaskingKey = event.sealedMaskingKey
      state.sealedClusterKey = event.sealedClusterKey
      state.clusterCertificate = event.clusterCertificate
      state.trustAnchor = event.trustAnchor
      state.staticSignature = event.staticSignature
      return state
    case 'UserRestored': {
      const { type: _type, ...user } = event
      putUser(state, user)
      return state
    }
    case 'BackupRestoreFinished':
      state.phase = 'ACTIVE'
      return state
    case 'HsmZeroized':
      state.phase = 'ZEROIZED'
      state.sealedMaskingKey = undefined
      state.sealedClusterKey = undefined
      state.users.clear()
      state.keys.clear()
      state.tombstones.clear()
      return state
    case 'LoginSucceeded': {
      const user = state.users.get(event.username)
      if (user !== undefined && user.failures > 0) putUser(state, { ...user, failures: 0 })
      return state
    }
    case 'LoginRefused':
      countFailure(state, event.username, event.hsmReturn)
      return state
    case 'UserCreated':
      putUser(state, { username: event.username, role: event.role, verifier: event.verifier, failures: 0 })
      remember(state, event.commandId, { type: event.type, handles: [] })
      return state
    case 'UserDeleted':
      state.users.delete(event.username)
      remember(state, event.commandId, { type: event.type, handles: [] })
      return state
    case 'PasswordChanged':
      // Changing the PRECO's password is what activates a cluster: the account becomes the first admin.
      if (event.role === 'PRECO') state.phase = 'ACTIVE'
      putUser(state, {
        username: event.username,
        role: event.role === 'PRECO' ? 'admin' : event.role,
        verifier: event.verifier,
        failures: 0,
      })
      remember(state, event.commandId, { type: event.type, handles: [] })
      return state
    case 'HandlesReserved':
      state.reservedUpTo = event.upTo
      return state
    case 'KeyGenerated':
      putKey(state, event.record)
      remember(state, event.commandId, { type: event.type, handles: [event.record.handle] })
      return state
    case 'KeyPairGenerated':
      putKey(state, event.publicRecord)
      putKey(state, event.privateRecord)
      remember(state, event.commandId, {
        type: event.type,
        handles: [event.publicRecord.handle, event.privateRecord.handle],
      })
      return state
    case 'KeyInserted':
      putKey(state, event.record)
      // A newer generation of a handle outlives the tombstone of the older one.
      if ((state.tombstones.get(event.record.handle)?.generation ?? Infinity) < event.record.generation) {
        state.tombstones.delete(event.record.handle)
      }
      remember(state, event.commandId, { type: event.type, handles: [event.record.handle] })
      return state
    case 'KeyDeleted':
      state.keys.delete(event.tombstone.handle)
      state.tombstones.set(event.tombstone.handle, event.tombstone)
      noteStamp(state, event.tombstone.stamp)
      remember(state, event.commandId, { type: event.type, handles: [event.tombstone.handle] })
      return state
    case 'BackupTaken':
    case 'ChannelOpened':
    case 'LoggedOut':
    case 'ApplicationFinalized':
    case 'SessionKeyGenerated':
    case 'SessionKeyPairGenerated':
    case 'SessionKeyDestroyed':
    case 'KeyExtracted':
      return state
  }
}

const sorted = <K, V>(map: ReadonlyMap<K, V>, compare: (a: K, b: K) => number): ReadonlyArray<V> =>
  [...map].sort(([a], [b]) => compare(a, b)).map(([, value]) => value)

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const byNumber = (a: number, b: number): number => a - b

/** The one text of a state: two HSMs' states, or a live and a replayed one, are the same if these are. */
export const canonicalHsmState = (state: HsmState): string =>
  canonicalJson({
    ...state,
    users: sorted(state.users, byText),
    keys: sorted(state.keys, byNumber),
    tombstones: sorted(state.tombstones, byNumber),
    // In the order in which they are forgotten.
    commands: [...state.commands].map(([commandId, outcome]) => ({ commandId, ...outcome })),
  })
