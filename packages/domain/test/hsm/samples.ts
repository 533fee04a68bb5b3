import { type Base64, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import {
  type AvailabilityZone,
  blankHsm,
  type Caller,
  type ClusterId,
  type CommandId,
  evolveHsm,
  type HsmEvent,
  type HsmFact,
  type HsmId,
  type HsmState,
  type KeyHandle,
  type KeyRecord,
  type Stamp,
  type Username,
} from '../../src/index.ts'

export const HSM = 'hsm-aaaaaaaaaaa' as HsmId
export const admin = 'admin' as Username
export const alice = 'alice' as Username
export const bob = 'bob' as Username
export const command = (name: string) => name as CommandId
export const text = (value: string): Base64 => toBase64(utf8Bytes(value))
export const stampAt = (micros: number): Stamp => `${micros.toString(16).padStart(13, '0')}0000-${HSM}` as Stamp

export const SESSION = 0x1004001
export const nobody: Caller = { session: SESSION, user: undefined }
export const asAdmin: Caller = { session: SESSION, user: { username: admin, role: 'admin' } }
export const as = (username: Username): Caller => ({ session: SESSION, user: { username, role: 'crypto-user' } })

export const record = (handle: number, owner: Username, changes: Partial<KeyRecord> = {}): KeyRecord => ({
  handle: handle as KeyHandle,
  generation: 1,
  maskingKeyId: '00112233445566aa',
  owner,
  fixed: {
    CKA_CLASS: 'CKO_SECRET_KEY',
    CKA_KEY_TYPE: 'CKK_AES',
    CKA_TOKEN: true,
    CKA_PRIVATE: true,
    CKA_LOCAL: true,
    CKA_SENSITIVE: true,
    CKA_ALWAYS_SENSITIVE: true,
    CKA_NEVER_EXTRACTABLE: false,
    CKA_KEY_GEN_MECHANISM: 0x1080,
    CKA_VALUE_LEN: 32,
  },
  sealed: text(`sealed ${handle}`),
  mutable: {
    CKA_LABEL: text('a key'),
    CKA_ID: text(''),
    CKA_MODIFIABLE: true,
    CKA_DESTROYABLE: true,
    CKA_EXTRACTABLE: true,
    CKA_ENCRYPT: true,
    CKA_DECRYPT: true,
    CKA_SIGN: false,
    CKA_VERIFY: false,
    CKA_WRAP: false,
    CKA_UNWRAP: false,
    CKA_DERIVE: false,
    CKA_TRUSTED: false,
    CKA_WRAP_WITH_TRUSTED: false,
  },
  stamps: {},
  shares: {},
  seen: {},
  mac: text('mac'),
  ...changes,
})

export const tombstone = (handle: number, generation = 1) => ({
  handle: handle as KeyHandle,
  generation,
  stamp: stampAt(5),
  maskingKeyId: '00112233445566aa',
  mac: text('mac'),
})

export const provisioned: HsmEvent = {
  type: 'HsmProvisioned',
  hsmId: HSM,
  clusterId: 'cluster-aaaaaaaaaaa' as ClusterId,
  lane: 7,
  availabilityZone: 'us-east-1a' as AvailabilityZone,
  eniIp: '10.0.1.10',
  hsmType: 'hsm2m.medium',
  mode: 'FIPS',
  serialNumber: '0A1B2C3D4E5F',
  identityKey: text('identity'),
  controllerKey: text('controller'),
  sealedIdentityKey: text('sealed identity'),
  staticKey: text('static'),
  sealedStaticKey: text('sealed static'),
}

export const initialized: HsmEvent = {
  type: 'HsmInitialized',
  maskingKeyId: '00112233445566aa',
  sealedMaskingKey: text('sealed masking key'),
  sealedClusterKey: text('sealed cluster key'),
  precoVerifier: text('verifier of password'),
}

export const certified: HsmEvent = {
  type: 'ClusterCertificateStored',
  clusterCertificate: '-----BEGIN CERTIFICATE-----',
  trustAnchor: '-----BEGIN CERTIFICATE-----',
  staticSignature: text('signature'),
}

export const activated: HsmEvent = {
  type: 'PasswordChanged',
  session: SESSION,
  commandId: command('activate'),
  username: admin,
  role: 'PRECO',
  verifier: text('verifier of password1'),
}

export const created = (username: Username, role: 'admin' | 'crypto-user' = 'crypto-user'): HsmEvent => ({
  type: 'UserCreated',
  session: SESSION,
  commandId: command(`create-${username}`),
  username,
  role,
  verifier: text(`verifier of ${username}`),
})

export const generated = (key: KeyRecord): HsmEvent => ({
  type: 'KeyGenerated',
  session: SESSION,
  commandId: command(`generate-${key.handle}`),
  record: key,
})

export const facts = (events: ReadonlyArray<HsmEvent>): ReadonlyArray<HsmFact> =>
  events.map((event, i) => ({ at: 1_779_008_401_250_000 + i * 1000, event }))

export const stateAfter = (...events: ReadonlyArray<HsmEvent>): HsmState => {
  const state = blankHsm()
  for (const fact of facts(events)) evolveHsm(state, fact)
  return state
}

/** A cluster that is in use: an admin, and the crypto users alice and bob. */
export const active = (...events: ReadonlyArray<HsmEvent>): HsmState =>
  stateAfter(provisioned, initialized, certified, activated, created(alice), created(bob), ...events)
