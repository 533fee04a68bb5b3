import { randomBytes } from 'node:crypto'
import type { ExecutionContext } from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { type ClusterMode, type CurveName, ecParams } from '@hsmlab/crypto'
import { nobleEngine, RSA_FIXTURES } from '@hsmlab/crypto/noble'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import { CKA, CKF, CKM, type CkaName, type CkrName, CKU, NO_PARAMETER } from '@hsmlab/pkcs11'
import { memoryLogger } from '@hsmlab/ports/memory'
import {
  type Attribute,
  type AttributeValue,
  type CallMechanism,
  type CryptokiConnection,
  type CryptokiSettings,
  DEFAULT_SETTINGS,
  openCryptoki,
  type Reply,
} from '../../src/index.ts'
import { type SoftCluster, softCluster } from '../../src/soft-token/index.ts'

const random = { bytes: (count: number): Uint8Array => new Uint8Array(randomBytes(count)) }
export const engine = nobleEngine({ random, rsaKeys: RSA_FIXTURES })

export const PIN = utf8Bytes('user1:password1')
export const READ_WRITE = CKF.CKF_SERIAL_SESSION | CKF.CKF_RW_SESSION
export const READ_ONLY = CKF.CKF_SERIAL_SESSION
export const SLOT = 1

export type ClusterOptions = Readonly<{ mode?: ClusterMode; clusterId?: string | undefined }>

export const newCluster = (options: ClusterOptions = {}): SoftCluster =>
  softCluster({
    engine,
    randomBytes: random.bytes,
    users: { user1: 'password1', user2: 'password2' },
    mode: options.mode ?? 'FIPS',
    clusterId: 'clusterId' in options ? options.clusterId : 'cluster-softtoken22',
  })

/** Programs that meet on the same cluster. */
export const newHouse = (settings: Partial<CryptokiSettings> = {}, options: ClusterOptions = {}) => {
  const cluster = newCluster(options)
  const logger = memoryLogger()
  const cryptoki = openCryptoki({ engine, random, logger })
  const configuration = { clients: [cluster], settings: { ...DEFAULT_SETTINGS, ...settings } }
  return { cluster, logger, openConnection: () => cryptoki.openConnection(configuration) }
}

/** The value of an answer that must be one. */
export const done = async <A>(t: ExecutionContext, reply: Reply<A>): Promise<A> => {
  const answer = await reply
  if (E.isLeft(answer)) return t.fail(`unexpected ${answer.left._tag}`)
  return answer.right
}

/** The return value of a call. */
export const code = async (reply: Reply<unknown>): Promise<CkrName> => {
  const answer = await reply
  return E.isLeft(answer) ? answer.left._tag : 'CKR_OK'
}

export const attribute = (name: CkaName, value: AttributeValue): Attribute => ({ type: CKA[name], value })
export const text = (value: string): Uint8Array => utf8Bytes(value)
export const plain = (type: number): CallMechanism => ({ type, parameter: NO_PARAMETER })

/** A program that has initialized, opened a session and logged in. */
export const program = async (
  t: ExecutionContext,
  settings: Partial<CryptokiSettings> = {},
  options: ClusterOptions = {},
) => {
  const { cluster, openConnection } = newHouse(settings, options)
  const p11 = openConnection()
  await done(t, p11.C_Initialize())
  const session = await done(t, p11.C_OpenSession(SLOT, READ_WRITE))
  await done(t, p11.C_Login(session, CKU.CKU_USER, PIN))
  return { cluster, openConnection, p11, session }
}

const TOKEN = attribute('CKA_TOKEN', true)

export const generateEc = (
  t: ExecutionContext,
  p11: CryptokiConnection,
  session: number,
  curve: CurveName = 'secp256r1',
  more: ReadonlyArray<Attribute> = [TOKEN],
) =>
  done(
    t,
    p11.C_GenerateKeyPair(
      session,
      plain(CKM.CKM_EC_KEY_PAIR_GEN),
      [...more, attribute('CKA_EC_PARAMS', ecParams(curve)), attribute('CKA_VERIFY', true)],
      [...more, attribute('CKA_SIGN', true)],
    ),
  )

export const generateRsa = (t: ExecutionContext, p11: CryptokiConnection, session: number) =>
  done(
    t,
    p11.C_GenerateKeyPair(
      session,
      plain(CKM.CKM_RSA_PKCS_KEY_PAIR_GEN),
      [
        TOKEN,
        attribute('CKA_MODULUS_BITS', 2048),
        attribute('CKA_PUBLIC_EXPONENT', Uint8Array.of(1, 0, 1)),
        attribute('CKA_VERIFY', true),
        attribute('CKA_ENCRYPT', true),
      ],
      [TOKEN, attribute('CKA_SIGN', true), attribute('CKA_DECRYPT', true)],
    ),
  )

export const generateAes = (t: ExecutionContext, p11: CryptokiConnection, session: number, bytes = 32) =>
  done(
    t,
    p11.C_GenerateKey(session, plain(CKM.CKM_AES_KEY_GEN), [
      TOKEN,
      attribute('CKA_VALUE_LEN', bytes),
      attribute('CKA_ENCRYPT', true),
      attribute('CKA_DECRYPT', true),
    ]),
  )

export const generateSecret = (t: ExecutionContext, p11: CryptokiConnection, session: number, bytes = 32) =>
  done(
    t,
    p11.C_GenerateKey(session, plain(CKM.CKM_GENERIC_SECRET_KEY_GEN), [
      TOKEN,
      attribute('CKA_VALUE_LEN', bytes),
      attribute('CKA_SIGN', true),
      attribute('CKA_VERIFY', true),
    ]),
  )

export const ROOM = 16_384
