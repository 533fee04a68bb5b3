import {
  isPassword,
  noOnesVerifier,
  PASSWORD_SALT_BYTES,
  passwordVerifier,
  type PasswordVerifier,
} from '@hsmlab/crypto'
import type { SealedVerifier, UserRecord } from '@hsmlab/domain'
import { byteReader, byteWriter } from '@hsmlab/protocol'
import type { HsmCore } from './hsm-core.ts'
import { PURPOSE } from './sealer.ts'

/** "HSM user management requirements": length in characters, and the colon parts user and password in a PIN. */
const PASSWORD_LENGTH_MIN = 8
const PASSWORD_LENGTH_MAX = 32
const COLON = 0x3a

export const isPasswordAllowed = (password: Uint8Array): boolean => {
  const characters = password.reduce((count, byte) => count + ((byte & 0xc0) === 0x80 ? 0 : 1), 0)
  return characters >= PASSWORD_LENGTH_MIN && characters <= PASSWORD_LENGTH_MAX && !password.includes(COLON)
}

export const encodeVerifier = ({ iterations, salt, hash }: PasswordVerifier): Uint8Array =>
  byteWriter(128).u32(iterations).bytes(salt).bytes(hash).finish()

export const decodeVerifier = (bytes: Uint8Array): PasswordVerifier | undefined => {
  const reader = byteReader(bytes)
  const verifier = { iterations: reader.u32(), salt: reader.bytes(), hash: reader.bytes() }
  return reader.finished() ? verifier : undefined
}

type Needs = Pick<HsmCore, 'engine' | 'random' | 'sealer' | 'settings'>

/** Hashes with a fresh salt, off the loop, and seals the result for the user it belongs to. */
export const hashPassword = async (
  { engine, random, sealer, settings }: Needs,
  username: string,
  password: Uint8Array,
): Promise<SealedVerifier> => {
  const salt = random.bytes(PASSWORD_SALT_BYTES)
  const verifier = await passwordVerifier(engine, password, salt, settings.passwordIterations)
  return sealer.seal(PURPOSE.verifier(username), encodeVerifier(verifier))
}

/** False also for a verifier that is not this HSM's, or not this user's. */
export const checkPassword = async (
  { engine, sealer }: Needs,
  { username, verifier }: UserRecord,
  password: Uint8Array,
): Promise<boolean> => {
  const sealed = sealer.open(PURPOSE.verifier(username), verifier)
  const opened = sealed === undefined ? undefined : decodeVerifier(sealed)
  return opened === undefined ? false : isPassword(engine, opened, password)
}

/** Takes as long as a real check. */
export const pretendToCheck = async ({ engine, settings }: Needs, password: Uint8Array): Promise<void> => {
  await isPassword(engine, noOnesVerifier(settings.passwordIterations), password)
}
