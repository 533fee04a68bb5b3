import { concatBytes } from '@noble/hashes/utils.js'
import type { Primitives, X25519KeyPair } from '../engine.ts'
import { type NoisePattern, PATTERNS, type Token } from './patterns.ts'
import { symmetricState } from './symmetric-state.ts'

const KEY_BYTES = 32

export type HandshakeOptions = Readonly<{
  pattern: NoisePattern
  role: 'initiator' | 'responder'
  /** What both sides must have seen alike, such as the ids of cluster and HSM. */
  prologue: Uint8Array
  /** This side's static key: the responder always has one, the initiator in XK and KK. */
  staticKey?: X25519KeyPair
  /** The other side's static public key, where the pattern has it known before. */
  remoteStatic?: Uint8Array
  /** For test vectors; otherwise drawn from the primitives. */
  ephemeralKey?: X25519KeyPair
}>

/** What both sides share after the last message. */
export type HandshakeResult = Readonly<{
  sendKey: Uint8Array
  receiveKey: Uint8Array
  /** The same on both sides and on no other channel: what to bind logins and signatures to (§11.2). */
  handshakeHash: Uint8Array
  /** The other side's static key, where it has one; whoever needs an identity compares it. */
  remoteStatic: Uint8Array | undefined
}>

/** One side of a handshake. A failed `read` ends it: every later call gives `undefined`. */
export interface Handshake {
  /** The next message, with `payload` inside; `undefined` when it is not this side's turn. */
  readonly write: (payload: Uint8Array) => Uint8Array | undefined
  /** The payload of the other side's message; `undefined`: forged, of another handshake, or not its turn. */
  readonly read: (message: Uint8Array) => Uint8Array | undefined
  /** `undefined` until the last message. */
  readonly result: () => HandshakeResult | undefined
}

/** `Noise_<pattern>_25519_AESGCM_SHA256` (Noise protocol framework rev. 34 §5.3). Never throws on what arrives. */
export const handshake = (primitives: Primitives, options: HandshakeOptions): Handshake => {
  const { pattern, role, staticKey } = options
  const facts = PATTERNS[pattern]
  const isInitiator = role === 'initiator'
  const symmetric = symmetricState(primitives, `Noise_${pattern}_25519_AESGCM_SHA256`)
  let ephemeralKey: X25519KeyPair | undefined
  let remoteStatic = options.remoteStatic
  let remoteEphemeral: Uint8Array | undefined
  let turn = 0
  let isBroken = false

  const startFrom = (): void => {
    symmetric.mixHash(options.prologue)
    const known = isInitiator ? [staticKey?.publicKey, remoteStatic] : [remoteStatic, staticKey?.publicKey]
    const premessages = facts.initiatorStatic === 'known' ? known : known.slice(1)
    isBroken = premessages.some((key) => key?.length !== KEY_BYTES)
    for (const key of premessages) if (key !== undefined) symmetric.mixHash(key)
  }

  /** The first letter names the initiator's key, the second the responder's. */
  const mixSecret = (token: Token): boolean => {
    const [ours, theirs] = isInitiator ? [token[0], token[1]] : [token[1], token[0]]
    const privateKey = (ours === 'e' ? ephemeralKey : staticKey)?.privateKey
    const publicKey = theirs === 'e' ? remoteEphemeral : remoteStatic
    if (privateKey === undefined || publicKey === undefined) return false
    const secret = primitives.x25519.sharedSecret(privateKey, publicKey)
    if (secret === undefined) return false
    symmetric.mixKey(secret)
    return true
  }

  const writeToken = (token: Token): Uint8Array | undefined => {
    if (token === 'e') {
      ephemeralKey = options.ephemeralKey ?? primitives.x25519.generate()
      symmetric.mixHash(ephemeralKey.publicKey)
      return ephemeralKey.publicKey
    }
    if (token === 's') return staticKey && symmetric.encryptAndHash(staticKey.publicKey)
    return mixSecret(token) ? new Uint8Array(0) : undefined
  }

  /** How many bytes of the message the token took; `undefined`: it does not hold. */
  const readToken = (token: Token, rest: Uint8Array): number | undefined => {
    if (token !== 'e' && token !== 's') return mixSecret(token) ? 0 : undefined
    const length = KEY_BYTES + (token === 's' ? symmetric.overhead() : 0)
    if (rest.length < length) return undefined
    const bytes = rest.slice(0, length)
    if (token === 'e') {
      remoteEphemeral = bytes
      symmetric.mixHash(bytes)
    } else {
      remoteStatic = symmetric.decryptAndHash(bytes)
      if (remoteStatic === undefined) return undefined
    }
    return length
  }

  const isOurTurn = (): boolean => !isBroken && turn < facts.messages.length && (turn % 2 === 0) === isInitiator
  const isTheirTurn = (): boolean => !isBroken && turn < facts.messages.length && (turn % 2 === 0) !== isInitiator

  const write = (payload: Uint8Array): Uint8Array | undefined => {
    if (!isOurTurn()) return undefined
    const parts: Array<Uint8Array> = []
    for (const token of facts.messages[turn] ?? []) {
      const part = writeToken(token)
      if (part === undefined) return fail()
      parts.push(part)
    }
    turn++
    return concatBytes(...parts, symmetric.encryptAndHash(payload))
  }

  const read = (message: Uint8Array): Uint8Array | undefined => {
    if (!isTheirTurn()) return undefined
    let rest = message
    for (const token of facts.messages[turn] ?? []) {
      const length = readToken(token, rest)
      if (length === undefined) return fail()
      rest = rest.subarray(length)
    }
    const payload = symmetric.decryptAndHash(rest)
    if (payload === undefined) return fail()
    turn++
    return payload
  }

  const fail = (): undefined => {
    isBroken = true
    return undefined
  }

  const result = (): HandshakeResult | undefined => {
    if (isBroken || turn < facts.messages.length) return undefined
    const [initiatorKey, responderKey] = symmetric.split()
    const [sendKey, receiveKey] = isInitiator ? [initiatorKey, responderKey] : [responderKey, initiatorKey]
    return { sendKey, receiveKey, handshakeHash: symmetric.handshakeHash(), remoteStatic }
  }

  startFrom()
  return { write, read, result }
}
