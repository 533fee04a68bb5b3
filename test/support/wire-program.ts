import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import * as E from 'fp-ts/lib/Either.js'
import {
  type CallName,
  createP11KitClient,
  type Generation,
  type RequestOf,
  type ResponseOf,
} from '@hsmlab/cryptoki/p11-kit'
import { CKA, type CkaName, CKF, CKM, type CkmName, type CkrName, CKU } from '@hsmlab/pkcs11'
import { PIN } from './product.ts'

type AttributeValue = boolean | number | Uint8Array
export type Template = Readonly<Partial<Record<CkaName, AttributeValue>>>
export type Key = number

/** A program that speaks p11-kit's wire over one connection, for as long as it likes. */
export type WireProgram = Readonly<{
  /** Resolves to the return value where it is not CKR_OK. */
  call: <N extends CallName>(name: N, ...values: RequestOf<N>) => Promise<E.Either<CkrName, ResponseOf<N>>>
  /** The value; rejects with the return value where it is not CKR_OK. */
  done: <N extends CallName>(name: N, ...values: RequestOf<N>) => Promise<ResponseOf<N>>
  openSession: () => Promise<number>
  login: (session: number, pin?: string) => Promise<void>
  generateAes: (session: number, template: Template) => Promise<Key>
  generateEc: (session: number, template: Template) => Promise<readonly [publicKey: Key, privateKey: Key]>
  find: (session: number, template: Template) => Promise<ReadonlyArray<Key>>
  /** One CKM_ECDSA signature of 32 bytes, by C_SignInit and C_Sign. */
  signDigest: (session: number, key: Key, digest: Uint8Array) => Promise<E.Either<CkrName, Uint8Array>>
  socket: Socket
  close: () => void
}>

export const READ_WRITE = CKF.CKF_SERIAL_SESSION | CKF.CKF_RW_SESSION
export const P256 = Uint8Array.from(Buffer.from('06082a8648ce3d030107', 'hex'))

export const mechanism = (name: CkmName) => ({ type: CKM[name], parameter: { _tag: 'none' } as const })

export const attributes = (template: Template) =>
  Object.entries(template).map(([name, value]) => ({ type: CKA[name as CkaName], value }))

/** Connects to a PKCS#11 socket and sends C_Initialize. */
export const connectProgram = async (path: string, generation: Generation = 1): Promise<WireProgram> => {
  const socket = createConnection(path)
  await once(socket, 'connect')
  const client = createP11KitClient((bytes) => void socket.write(bytes.slice()), generation)
  socket.on('data', client.receive)
  socket.on('error', () => undefined)
  socket.on('close', client.closed)

  const call: WireProgram['call'] = async (name, ...values) => {
    const answer = await client.call(name, values)
    return E.isLeft(answer) ? E.left(answer.left._tag) : answer
  }
  const done: WireProgram['done'] = async (name, ...values) => {
    const answer = await call(name, ...values)
    if (E.isLeft(answer)) throw new Error(`${name}: ${answer.left}`)
    return answer.right
  }
  await client.initialize()
  return {
    call,
    done,
    socket,
    openSession: async () => {
      const slots = await done('C_GetSlotList', 1, 16)
      return done('C_OpenSession', typeof slots === 'number' ? 0 : (slots[0] ?? 0), READ_WRITE)
    },
    login: async (session, pin = PIN) => {
      await done('C_Login', session, CKU.CKU_USER, Buffer.from(pin))
    },
    generateAes: (session, template) =>
      done('C_GenerateKey', session, mechanism('CKM_AES_KEY_GEN'), attributes({ CKA_VALUE_LEN: 32, ...template })),
    generateEc: async (session, template) => {
      const publicTemplate = attributes({ CKA_EC_PARAMS: P256, CKA_VERIFY: true, ...template })
      const privateTemplate = attributes({ CKA_SIGN: true, ...template })
      const ecKeyGen = mechanism('CKM_EC_KEY_PAIR_GEN')
      const { publicKey, privateKey } = await done(
        'C_GenerateKeyPair',
        session,
        ecKeyGen,
        publicTemplate,
        privateTemplate,
      )
      return [publicKey, privateKey]
    },
    find: async (session, template) => {
      await done('C_FindObjectsInit', session, attributes(template))
      const found = await done('C_FindObjects', session, 1000)
      await done('C_FindObjectsFinal', session)
      return typeof found === 'number' ? [] : found
    },
    signDigest: async (session, key, digest) => {
      const begun = await call('C_SignInit', session, mechanism('CKM_ECDSA'), key)
      if (E.isLeft(begun)) return begun
      const signed = await call('C_Sign', session, digest, 64)
      if (E.isLeft(signed)) return signed
      return typeof signed.right === 'number' ? E.left('CKR_BUFFER_TOO_SMALL') : E.right(signed.right.slice())
    },
    close: () => void socket.destroy(),
  }
}
