/** Prints what one operation of the OpenSSL engine costs on this machine, in microseconds: `node …/measure-crypto.mjs`. */
import { channel, handshake, PASSWORD_ITERATIONS_DEFAULT, passwordVerifier } from '@hsmlab/crypto'
import { CKM, NO_PARAMETER } from '@hsmlab/pkcs11'
import { opensslEngine, systemRandom } from '@hsmlab/adapter-node'

const engine = opensslEngine()
const MILLIS = 400

/**
 * The best of five rounds, on the clock and in processor time of all threads: the latter hardly minds other work on the
 * machine.
 */
const measure = async (name, operate) => {
  let wall = Infinity
  let processor = Infinity
  for (let round = 0; round < 5; round++) {
    const start = performance.now()
    const before = process.cpuUsage()
    let count = 0
    for (; performance.now() - start < MILLIS / 5; count++) {
      const result = operate()
      if (result instanceof Promise) await result
    }
    const { user, system } = process.cpuUsage(before)
    wall = Math.min(wall, ((performance.now() - start) / count) * 1000)
    processor = Math.min(processor, (user + system) / count)
  }
  const shown = (micros) => micros.toFixed(micros < 100 ? 2 : 0).padStart(10)
  console.log(`${name.padEnd(44)}${shown(wall)} µs${shown(processor)} µs of processor`)
}

const opened = (material) => engine.open(material).right
const mechanism = (name) => ({ type: CKM[name], parameter: NO_PARAMETER })
const digest = systemRandom.bytes(32)

for (const curve of ['secp256r1', 'secp384r1', 'secp521r1', 'secp224r1', 'secp256k1']) {
  const { scalar, point } = engine.generateEc(curve)
  const privateKey = opened({ _tag: 'ec-private', curve, scalar })
  const publicKey = opened({ _tag: 'ec-public', curve, point })
  for (const name of ['CKM_ECDSA', 'CKM_ECDSA_SHA256']) {
    await measure(`${curve} ${name} sign`, () => engine.sign(privateKey, mechanism(name), digest))
    const signature = (await engine.sign(privateKey, mechanism(name), digest)).right
    await measure(`${curve} ${name} verify`, () => engine.verify(publicKey, mechanism(name), digest, signature))
  }
}

const { scalar } = engine.generateEc('secp256r1')
const lonely = opened({ _tag: 'ec-private', curve: 'secp256r1', scalar })
const turns = { count: 0, inCall: 0 }
await measure('secp256r1 CKM_ECDSA sign, one a turn', async () => {
  const start = performance.now()
  void engine.sign(lonely, mechanism('CKM_ECDSA'), digest)
  turns.inCall += performance.now() - start
  turns.count++
  await new Promise(setImmediate)
})
console.log(`  of which in the call ${((turns.inCall / turns.count) * 1000).toFixed(2)} µs`)

for (const bits of [2048, 3072, 4096]) {
  const { pkcs8, modulus, publicExponent } = await engine.generateRsa(bits, Uint8Array.of(1, 0, 1))
  const privateKey = opened({ _tag: 'rsa-private', pkcs8 })
  const publicKey = opened({ _tag: 'rsa-public', modulus, publicExponent })
  const pkcs1 = mechanism('CKM_SHA256_RSA_PKCS')
  await measure(`RSA-${bits} CKM_SHA256_RSA_PKCS sign`, () => engine.sign(privateKey, pkcs1, digest))
  await measure(`RSA-${bits} eight of them at once`, async () => {
    await Promise.all(Array.from({ length: 8 }, async () => engine.sign(privateKey, pkcs1, digest)))
  })
  const signature = (await engine.sign(privateKey, pkcs1, digest)).right
  await measure(`RSA-${bits} CKM_SHA256_RSA_PKCS verify`, () => engine.verify(publicKey, pkcs1, digest, signature))
  await measure(`RSA-${bits} open private key`, () => engine.open({ _tag: 'rsa-private', pkcs8 }))
}

const message = systemRandom.bytes(200)
const nonce = systemRandom.bytes(12)
const aead = engine.aesGcm(systemRandom.bytes(32))
const sealed = aead.seal(nonce, digest, message)
await measure('AES-256-GCM seal 200 bytes', () => aead.seal(nonce, digest, message))
await measure('AES-256-GCM open 200 bytes', () => aead.open(nonce, digest, sealed))
const keys = { sendKey: systemRandom.bytes(32), receiveKey: systemRandom.bytes(32) }
const near = channel(engine, keys)
const far = channel(engine, { sendKey: keys.receiveKey, receiveKey: keys.sendKey })
await measure('channel seal and open 200 bytes', () => far.open(near.seal(message)))
await measure('SHA-256 of 200 bytes', () => engine.sha256(message))
await measure('HMAC-SHA-256 of 200 bytes', () => engine.hmacSha256(digest, message))

const pair = engine.x25519.generate()
const other = engine.x25519.generate()
await measure('X25519 key pair', () => engine.x25519.generate())
await measure('X25519 shared secret', () => engine.x25519.sharedSecret(pair.privateKey, other.publicKey))
await measure('Noise NK handshake, both sides', () => {
  const prologue = digest
  const initiator = handshake(engine, { pattern: 'NK', role: 'initiator', prologue, remoteStatic: pair.publicKey })
  const responder = handshake(engine, { pattern: 'NK', role: 'responder', prologue, staticKey: pair })
  responder.read(initiator.write(digest))
  initiator.read(responder.write(digest))
  return initiator.result()?.sendKey
})
const identity = engine.ed25519.generate()
const signature = engine.ed25519.sign(identity.privateKey, message)
await measure('Ed25519 sign', () => engine.ed25519.sign(identity.privateKey, message))
await measure('Ed25519 verify', () => engine.ed25519.verify(identity.publicKey, message, signature))
await measure(`PBKDF2, ${PASSWORD_ITERATIONS_DEFAULT} rounds`, () =>
  passwordVerifier(engine, digest, message.subarray(0, 16), PASSWORD_ITERATIONS_DEFAULT),
)
await measure('PBKDF2, three logins at once', async () => {
  await Promise.all(
    [1, 2, 3].map(() => passwordVerifier(engine, digest, message.subarray(0, 16), PASSWORD_ITERATIONS_DEFAULT)),
  )
})
await engine.close()
