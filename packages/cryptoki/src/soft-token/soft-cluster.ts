import * as E from 'fp-ts/lib/Either.js'
import type { Application, ClientFailure, ClusterClient } from '@hsmlab/client'
import type { ClusterMode, CryptoEngine } from '@hsmlab/crypto'
import type { KeyHandle, KeyTemplate, Username } from '@hsmlab/domain'
import { utf8Text } from '@hsmlab/event-sourcing'
import type { CkrName } from '@hsmlab/pkcs11'
import type { HsmInfo } from '@hsmlab/protocol'
import { generatePair, generateSecret, type SoftKey } from './soft-key.ts'

export type SoftClusterOptions = Readonly<{
  engine: CryptoEngine
  randomBytes: (count: number) => Uint8Array
  /** Crypto users and their passwords. */
  users: Readonly<Record<string, string>>
  mode: ClusterMode
  clusterId?: string | undefined
}>

/** A token without HSMs, and what a test wants to know of it or do to it. */
export type SoftCluster = ClusterClient &
  Readonly<{
    keys: ReadonlyMap<KeyHandle, SoftKey>
    /** How often each call of an application was made. */
    calls: ReadonlyMap<string, number>
    /** While set, every call of an application fails with it. */
    failWith: (code: CkrName | undefined) => void
  }>

const FIRST_HANDLE = 0x0100_0000

const refused = (code: CkrName): E.Either<ClientFailure, never> => E.left({ _tag: code, hsmReturn: 0, message: code })

const hsmInfo = (mode: ClusterMode): HsmInfo =>
  ({
    hsmId: 'hsm-softtoken22',
    vendor: 'Marvell Semiconductors, Inc.',
    model: 'NITROX-III CNN3',
    serialNumber: '5.3G1941-ICM0005',
    hardwareVersionMajor: '5',
    hardwareVersionMinor: '3',
    firmwareVersionMajor: '2',
    firmwareVersionMinor: '6',
    firmwareBuildNumber: '16',
    firmwareId: 'CNN35XX-NFBE-FW-2.06-16',
    fipsState: `${mode === 'FIPS' ? '2 [FIPS' : '0 [non-FIPS'} mode with single factor authentication]`,
  }) as HsmInfo

const matches = ({ view }: SoftKey, wanted: KeyTemplate): boolean =>
  Object.entries(wanted).every(([name, value]) => view.attributes[name as keyof KeyTemplate] === value)

/**
 * A cluster in one object: users, keys and sessions as CloudHSM's client sees them, without HSMs, bus or log. It is
 * what a PKCS#11 door is tested and measured against.
 */
export const softCluster = ({ engine, randomBytes, users, mode, clusterId }: SoftClusterOptions): SoftCluster => {
  const keys = new Map<KeyHandle, SoftKey>()
  const calls = new Map<string, number>()
  let nextHandle = FIRST_HANDLE
  let failing: CkrName | undefined

  const count = (name: string): void => void calls.set(name, (calls.get(name) ?? 0) + 1)

  const openApplication = (): Application => {
    let user: Username | undefined

    /** Counts the call, fails it when asked to, and lets only a user through. */
    const guarded = async <A>(
      name: string,
      run: (owner: Username) => E.Either<ClientFailure, A> | Promise<E.Either<ClientFailure, A>>,
    ): Promise<E.Either<ClientFailure, A>> => {
      count(name)
      if (failing !== undefined) return refused(failing)
      return user === undefined ? refused('CKR_USER_NOT_LOGGED_IN') : run(user)
    }
    const withKey = <A>(
      name: string,
      handle: KeyHandle,
      run: (
        key: SoftKey,
      ) => E.Either<Readonly<{ _tag: CkrName }>, A> | Promise<E.Either<Readonly<{ _tag: CkrName }>, A>>,
    ): Promise<E.Either<ClientFailure, A>> =>
      guarded(name, async (owner) => {
        const key = keys.get(handle)
        if (key === undefined || key.view.owner !== owner) return refused('CKR_KEY_HANDLE_INVALID')
        const answer = await run(key)
        return E.isLeft(answer) ? refused(answer.left._tag) : answer
      })
    const take = (): KeyHandle => {
      nextHandle += 2
      return (nextHandle - 2) as KeyHandle
    }
    const drop = (goes: (key: SoftKey) => boolean): void => {
      for (const [handle, key] of keys) {
        if (!goes(key)) continue
        key.open.close()
        keys.delete(handle)
      }
    }
    const isSessionKey = ({ tag }: SoftKey): boolean => tag !== 0
    const notOffered = async () => refused('CKR_FUNCTION_NOT_SUPPORTED')

    return {
      login: async (_role, username, password) => {
        count('login')
        if (failing !== undefined) return refused(failing)
        const known = users[username.toLowerCase()]
        if (known === undefined || utf8Text(password) !== known) return refused('CKR_PIN_INCORRECT')
        user = username.toLowerCase() as Username
        return E.right({ username: user, role: 'crypto-user' })
      },
      logout: async () => {
        count('logout')
        user = undefined
        drop(isSessionKey)
        return E.right(undefined)
      },
      loggedIn: () => (user === undefined ? undefined : { username: user, role: 'crypto-user' }),
      close: async () => {
        count('close')
        user = undefined
        drop(isSessionKey)
      },
      generateKey: (template, { mechanism, tag }) =>
        guarded('generateKey', (owner) => {
          const key = generateSecret(engine, randomBytes, template, mechanism, { handle: take(), owner, tag })
          keys.set(key.view.handle, key)
          return E.right(key.view)
        }),
      generateKeyPair: (publicTemplate, privateTemplate, { mechanism, tag }) =>
        guarded('generateKeyPair', async (owner) => {
          const templates = { publicTemplate, privateTemplate }
          const pair = await generatePair(engine, templates, mechanism, { handle: take(), owner, tag })
          for (const key of [pair.publicKey, pair.privateKey]) keys.set(key.view.handle, key)
          return E.right({ publicKey: pair.publicKey.view, privateKey: pair.privateKey.view })
        }),
      findKeys: async ({ attributes = {} }) => {
        count('findKeys')
        if (failing !== undefined) return refused(failing)
        const seen = [...keys.values()].filter(({ view }) =>
          user === undefined ? view.attributes.CKA_CLASS === 'CKO_PUBLIC_KEY' : view.owner === user,
        )
        const found = seen.filter((key) => matches(key, attributes))
        return E.right(found.map(({ view }) => ({ key: view, coverage: 'full', holders: 3 })))
      },
      getKey: async (handle) => {
        count('getKey')
        if (failing !== undefined) return refused(failing)
        const key = keys.get(handle)
        return key === undefined ? refused('CKR_KEY_HANDLE_INVALID') : E.right(key.view)
      },
      destroyKey: (handle) =>
        withKey('destroyKey', handle, ({ view }) => {
          if (view.attributes.CKA_DESTROYABLE === false) return refused('CKR_ACTION_PROHIBITED')
          drop((key) => key.view.handle === handle)
          return E.right(undefined)
        }),
      endTag: async (tag) => {
        count('endTag')
        drop((key) => key.tag === tag)
      },
      sign: (handle, mechanism, message) =>
        withKey('sign', handle, ({ open }) => engine.sign(open, mechanism, message)),
      verify: (handle, mechanism, message, signature) =>
        withKey('verify', handle, async ({ open }) =>
          E.map(() => undefined)(await engine.verify(open, mechanism, message, signature)),
        ),
      encrypt: (handle, mechanism, plaintext) =>
        withKey('encrypt', handle, ({ open }) => engine.encrypt(open, mechanism, plaintext)),
      decrypt: (handle, mechanism, ciphertext) =>
        withKey('decrypt', handle, ({ open }) => engine.decrypt(open, mechanism, ciphertext)),
      random: (wanted) => guarded('random', () => E.right(randomBytes(wanted))),
      hsmInfo: async () => (failing === undefined ? E.right([hsmInfo(mode)]) : refused(failing)),
      activate: notOffered,
      listUsers: notOffered,
      createUser: notOffered,
      deleteUser: notOffered,
      changePassword: notOffered,
    }
  }

  return {
    clusterId: () => clusterId,
    connections: () => [],
    openApplication,
    close: async () => undefined,
    keys,
    calls,
    failWith: (code) => {
      failing = code
    },
  }
}
