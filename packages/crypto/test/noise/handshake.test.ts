import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import test from 'ava'
import { type Handshake, handshake, type HandshakeOptions, type X25519KeyPair } from '../../src/index.ts'
import { nobleEngine } from '../../src/noble/index.ts'
import { transportCipher } from '../../src/noise/cipher.ts'
import { seededRandom } from '../seeded-random.ts'
import { x25519 } from '@noble/curves/ed25519.js'
import { CACOPHONY_VECTORS, type NoiseVector } from './cacophony-vectors.ts'

const primitives = nobleEngine({ random: seededRandom('noise') })
const NONE = new Uint8Array(0)

const pairOf = (privateKey: string): X25519KeyPair => ({
  privateKey: hexToBytes(privateKey),
  publicKey: x25519.getPublicKey(hexToBytes(privateKey)),
})

const sidesOf = (vector: NoiseVector): readonly [Handshake, Handshake] => [
  handshake(primitives, {
    pattern: vector.pattern,
    role: 'initiator',
    prologue: hexToBytes(vector.initPrologue),
    remoteStatic: hexToBytes(vector.initRemoteStatic),
    ephemeralKey: pairOf(vector.initEphemeral),
    ...(vector.initStatic === undefined ? {} : { staticKey: pairOf(vector.initStatic) }),
  }),
  handshake(primitives, {
    pattern: vector.pattern,
    role: 'responder',
    prologue: hexToBytes(vector.respPrologue),
    staticKey: pairOf(vector.respStatic),
    ephemeralKey: pairOf(vector.respEphemeral),
    ...(vector.respRemoteStatic === undefined ? {} : { remoteStatic: hexToBytes(vector.respRemoteStatic) }),
  }),
]

for (const vector of CACOPHONY_VECTORS) {
  test(`${vector.pattern}: handshake and transport messages are those of cacophony`, (t) => {
    const [initiator, responder] = sidesOf(vector)
    const count = vector.pattern === 'XK' ? 3 : 2
    for (const [i, { payload, ciphertext }] of vector.messages.slice(0, count).entries()) {
      const [from, to] = i % 2 === 0 ? [initiator, responder] : [responder, initiator]
      const message = from.write(hexToBytes(payload)) ?? NONE
      t.is(bytesToHex(message), ciphertext)
      t.is(bytesToHex(to.read(message) ?? NONE), payload)
    }
    const one = initiator.result()
    const other = responder.result()
    t.is(bytesToHex(one?.handshakeHash ?? NONE), vector.handshakeHash)
    t.is(bytesToHex(other?.handshakeHash ?? NONE), vector.handshakeHash)
    const ciphers = [one, other].map((side) => transportCipher(primitives, side?.sendKey ?? NONE))
    const counters = [0, 0]
    for (const [i, { payload, ciphertext }] of vector.messages.entries()) {
      if (i < count) continue
      const sender = i % 2
      const counter = counters[sender] ?? 0
      counters[sender] = counter + 1
      t.is(bytesToHex(ciphers[sender]?.seal(counter, NONE, hexToBytes(payload)) ?? NONE), ciphertext)
    }
  })
}

const [proxyKey, hsmKey, otherKey] = [1, 2, 3].map(() => primitives.x25519.generate()) as [
  X25519KeyPair,
  X25519KeyPair,
  X25519KeyPair,
]
const prologue = Uint8Array.of(1, 2, 3)

const meet = (initiating: Partial<HandshakeOptions>, responding: Partial<HandshakeOptions>) => {
  const initiator = handshake(primitives, {
    pattern: 'NK',
    role: 'initiator',
    prologue,
    remoteStatic: hsmKey.publicKey,
    ...initiating,
  })
  const responder = handshake(primitives, {
    pattern: 'NK',
    role: 'responder',
    prologue,
    staticKey: hsmKey,
    ...responding,
  })
  for (let turn = 0; turn < 3; turn++) {
    const [from, to] = turn % 2 === 0 ? [initiator, responder] : [responder, initiator]
    const message = from.write(NONE)
    if (message !== undefined) to.read(message)
  }
  return [initiator.result(), responder.result()] as const
}

test('both sides end with mirrored keys and one handshake hash', (t) => {
  const [one, other] = meet({}, {})
  t.deepEqual(one?.sendKey, other?.receiveKey)
  t.deepEqual(one?.receiveKey, other?.sendKey)
  t.deepEqual(one?.handshakeHash, other?.handshakeHash)
  t.notDeepEqual(one?.sendKey, one?.receiveKey)
})

test('two handshakes share no key', (t) => {
  t.notDeepEqual(meet({}, {})[0]?.sendKey, meet({}, {})[0]?.sendKey)
})

test('another prologue, another server key or another pattern never completes', (t) => {
  t.deepEqual(meet({ prologue: NONE }, {}), [undefined, undefined])
  t.deepEqual(meet({ remoteStatic: otherKey.publicKey }, {}), [undefined, undefined])
  t.deepEqual(meet({ pattern: 'XK', staticKey: proxyKey }, {}), [undefined, undefined])
})

test('XK tells the server who the client is', (t) => {
  const [, responder] = meet({ pattern: 'XK', staticKey: proxyKey }, { pattern: 'XK' })
  t.deepEqual(responder?.remoteStatic, proxyKey.publicKey)
})

test('KK refuses a client whose key is not the expected one', (t) => {
  const expecting = { pattern: 'KK', remoteStatic: proxyKey.publicKey } as const
  t.not(meet({ pattern: 'KK', staticKey: proxyKey }, expecting)[1], undefined)
  t.is(meet({ pattern: 'KK', staticKey: otherKey }, expecting)[1], undefined)
})

test('a side without the keys that its pattern needs does nothing', (t) => {
  const side = handshake(primitives, { pattern: 'NK', role: 'initiator', prologue })
  t.is(side.write(NONE), undefined)
  t.is(side.result(), undefined)
})

test('nobody writes or reads out of turn', (t) => {
  const initiator = handshake(primitives, {
    pattern: 'NK',
    role: 'initiator',
    prologue,
    remoteStatic: hsmKey.publicKey,
  })
  t.is(initiator.read(new Uint8Array(48)), undefined)
  t.not(initiator.write(NONE), undefined)
  t.is(initiator.write(NONE), undefined)
})

test('a public key of small order ends the handshake', (t) => {
  const responder = handshake(primitives, { pattern: 'NK', role: 'responder', prologue, staticKey: hsmKey })
  t.is(responder.read(new Uint8Array(48)), undefined)
  t.is(responder.write(NONE), undefined)
})

test('a message that is cut short or altered anywhere ends the handshake', (t) => {
  const first = (): Uint8Array => {
    const initiator = handshake(primitives, {
      pattern: 'NK',
      role: 'initiator',
      prologue,
      remoteStatic: hsmKey.publicKey,
    })
    return initiator.write(Uint8Array.of(9, 9)) ?? NONE
  }
  const isTaken = (message: Uint8Array): boolean =>
    handshake(primitives, { pattern: 'NK', role: 'responder', prologue, staticKey: hsmKey }).read(message) !== undefined
  const message = first()
  t.true(isTaken(message))
  for (const length of [0, 31, 32, message.length - 1]) t.false(isTaken(message.subarray(0, length)))
  for (const at of [0, 20, 32, message.length - 1]) {
    const altered = Uint8Array.from(message)
    altered[at] = (altered[at] ?? 0) ^ 1
    t.false(isTaken(altered), `byte ${at}`)
  }
})
