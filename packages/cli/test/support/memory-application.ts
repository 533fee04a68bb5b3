import * as E from 'fp-ts/lib/Either.js'
import type { ClusterId, HsmId, KeyHandle, KeyTemplate, Username } from '@hsmlab/domain'
import { type Base64, toBase64, utf8Text } from '@hsmlab/event-sourcing'
import type { Application, ClientFailure, ClusterClient, ClusterKey, ClusterUser } from '@hsmlab/client'
import type { CkrName } from '@hsmlab/pkcs11'
import type { HsmInfo, KeyView, Role } from '@hsmlab/protocol'

type Account = { username: Username; role: Role | 'unactivated-admin'; password: string; failures: number }

/** What the HSMs of a cluster in memory hold; tests look into it. */
export type MemoryCluster = Readonly<{
  clusterId: ClusterId
  accounts: Account[]
  keys: Map<KeyHandle, ClusterKey>
  client: Pick<ClusterClient, 'openApplication'>
  /** Names of the applications that were opened and not yet closed. */
  open: Set<symbol>
}>

const failure = (_tag: CkrName, message: string, hsmReturn = 0): E.Either<ClientFailure, never> =>
  E.left({ _tag, hsmReturn, message })

const NOT_LOGGED_IN = failure('CKR_USER_NOT_LOGGED_IN', 'Nobody is logged in')

const info: HsmInfo = {
  hsmId: 'hsm-aaaaaaaaaaa' as HsmId,
  vendor: 'Marvell Semiconductors, Inc.',
  model: 'NITROX-III CNN35XX-NFBE',
  serialNumber: '5.3G1941-ICM000590',
  hardwareVersionMajor: '5',
  hardwareVersionMinor: '3',
  firmwareVersionMajor: '2',
  firmwareVersionMinor: '6',
  firmwareBuildNumber: '16',
  firmwareId: 'CNN35XX-NFBE-FW-2.06-16',
  fipsState: '2 [FIPS mode with single factor authentication]',
}

const matching = (filter: KeyTemplate | undefined, attributes: KeyTemplate): boolean =>
  Object.entries(filter ?? {}).every(([name, value]) => attributes[name as keyof KeyTemplate] === value)

/** Numbers that stand for those an HSM would compute. */
const EC_POINT = toBase64(Uint8Array.of(0x04, 0x41, 0x04, ...new Uint8Array(64).fill(7)))
const CHECK_VALUE = toBase64(Uint8Array.of(0xd7, 0xc1, 0xa7))

/** A cluster of one memory, without HSMs: enough of `Application` for what a CLI asks. */
export const memoryCluster = (clusterId: string, accounts: ReadonlyArray<Omit<Account, 'failures'>>): MemoryCluster => {
  const cluster = {
    clusterId: clusterId as ClusterId,
    accounts: accounts.map((account) => ({ ...account, failures: 0 })),
    keys: new Map<KeyHandle, ClusterKey>(),
    open: new Set<symbol>(),
  }
  let lastHandle = 0x14_0000
  const find = (username: string, role: string) =>
    cluster.accounts.find(
      (account) =>
        account.username === username &&
        (account.role === role || (account.role === 'unactivated-admin' && role === 'admin')),
    )

  const openApplication = (): Application => {
    const me = Symbol('application')
    cluster.open.add(me)
    let user: Account | undefined
    const make = (template: KeyTemplate, fixed: KeyTemplate): KeyView => {
      lastHandle += 1
      const handle = lastHandle as KeyHandle
      const secret = fixed.CKA_CLASS !== 'CKO_PUBLIC_KEY'
      const key: KeyView = {
        handle,
        generation: 0,
        owner: user?.username ?? ('' as Username),
        sharedWith: [],
        attributes: {
          CKA_LOCAL: true,
          CKA_ALWAYS_SENSITIVE: secret,
          CKA_SENSITIVE: secret,
          CKA_EXTRACTABLE: true,
          CKA_MODIFIABLE: true,
          CKA_DESTROYABLE: true,
          CKA_CHECK_VALUE: CHECK_VALUE,
          ...template,
          ...fixed,
        },
      }
      const session = key.attributes.CKA_TOKEN === false
      cluster.keys.set(handle, { key, coverage: session ? 'session' : 'full', holders: session ? 1 : 3 })
      return key
    }
    const asAdmin = (): boolean => user?.role === 'admin'
    return {
      login: async (role, username, password) => {
        const account = find(username, role)
        if (user !== undefined) return failure('CKR_USER_ALREADY_LOGGED_IN', 'A user is logged in already')
        if (account === undefined || account.password !== utf8Text(password)) {
          if (account !== undefined) account.failures += 1
          return failure('CKR_PIN_INCORRECT', 'RET_USER_LOGIN_FAILURE', 163)
        }
        user = account
        return E.right({ username: account.username, role: account.role })
      },
      logout: async () => {
        if (user === undefined) return NOT_LOGGED_IN
        user = undefined
        return E.right(undefined)
      },
      loggedIn: () => user,
      close: async () => void cluster.open.delete(me),
      generateKey: async (template, { sharedWith }) => {
        if (user === undefined) return NOT_LOGGED_IN
        const key = make(template, { CKA_CLASS: 'CKO_SECRET_KEY', CKA_KEY_TYPE: 'CKK_AES' })
        const shared = { ...key, sharedWith: sharedWith ?? [] }
        const stored = cluster.keys.get(key.handle)
        if (stored !== undefined) cluster.keys.set(key.handle, { ...stored, key: shared })
        return E.right(shared)
      },
      generateKeyPair: async (publicTemplate, privateTemplate) => {
        if (user === undefined) return NOT_LOGGED_IN
        const { CKA_EC_PARAMS, CKA_MODULUS_BITS, CKA_PUBLIC_EXPONENT } = publicTemplate
        const numbers: KeyTemplate =
          CKA_EC_PARAMS === undefined
            ? {
                CKA_KEY_TYPE: 'CKK_RSA',
                ...(CKA_MODULUS_BITS === undefined ? {} : { CKA_MODULUS_BITS }),
                ...(CKA_PUBLIC_EXPONENT === undefined ? {} : { CKA_PUBLIC_EXPONENT }),
                CKA_MODULUS: 'xxxx' as Base64,
              }
            : { CKA_KEY_TYPE: 'CKK_EC', CKA_EC_PARAMS, CKA_EC_POINT: EC_POINT }
        const publicKey = make(publicTemplate, { ...numbers, CKA_CLASS: 'CKO_PUBLIC_KEY' })
        const privateKey = make(privateTemplate, { ...numbers, CKA_CLASS: 'CKO_PRIVATE_KEY' })
        return E.right({ publicKey, privateKey })
      },
      findKeys: async ({ handle, attributes }) => {
        if (user === undefined) return NOT_LOGGED_IN
        return E.right(
          [...cluster.keys.values()].filter(
            ({ key }) => (handle === undefined || key.handle === handle) && matching(attributes, key.attributes),
          ),
        )
      },
      getKey: async () => failure('CKR_FUNCTION_NOT_SUPPORTED', 'not in memory'),
      destroyKey: async (handle) => {
        if (user?.role !== 'crypto-user') return NOT_LOGGED_IN
        cluster.keys.delete(handle)
        return E.right(undefined)
      },
      endTag: async () => undefined,
      sign: async () => failure('CKR_FUNCTION_NOT_SUPPORTED', 'not in memory'),
      verify: async () => failure('CKR_FUNCTION_NOT_SUPPORTED', 'not in memory'),
      encrypt: async () => failure('CKR_FUNCTION_NOT_SUPPORTED', 'not in memory'),
      decrypt: async () => failure('CKR_FUNCTION_NOT_SUPPORTED', 'not in memory'),
      random: async () => failure('CKR_FUNCTION_NOT_SUPPORTED', 'not in memory'),
      activate: async (password) => {
        const preco = cluster.accounts.find(({ role }) => role === 'unactivated-admin')
        if (preco === undefined) return failure('CKR_FUNCTION_FAILED', 'The cluster is active already')
        preco.role = 'admin'
        preco.password = utf8Text(password) ?? ''
        return E.right(undefined)
      },
      hsmInfo: async () => E.right([info]),
      listUsers: async () =>
        E.right([
          ...cluster.accounts.map(({ username, role, failures }): ClusterUser => ({
            username,
            role,
            locked: failures > 5 ? 'true' : 'false',
            coverage: 'full',
          })),
          { username: 'app_user', role: 'internal(APPLIANCE_USER)', locked: 'false', coverage: 'full' },
        ]),
      createUser: async (username, role, password) => {
        if (!asAdmin()) return NOT_LOGGED_IN
        if (find(username, role) !== undefined) return failure('CKR_FUNCTION_FAILED', 'The user exists already')
        cluster.accounts.push({ username, role, password: utf8Text(password) ?? '', failures: 0 })
        return E.right(undefined)
      },
      deleteUser: async (username, role) => {
        if (!asAdmin()) return NOT_LOGGED_IN
        const account = find(username, role)
        if (account === undefined) return failure('CKR_FUNCTION_FAILED', 'There is no such user')
        cluster.accounts.splice(cluster.accounts.indexOf(account), 1)
        return E.right(undefined)
      },
      changePassword: async (username, role, password) => {
        if (!asAdmin() && user?.username !== username) return NOT_LOGGED_IN
        const account = find(username, role)
        if (account === undefined) return failure('CKR_FUNCTION_FAILED', 'There is no such user')
        account.password = utf8Text(password) ?? ''
        account.failures = 0
        return E.right(undefined)
      },
    }
  }
  return { ...cluster, client: { openApplication } }
}
