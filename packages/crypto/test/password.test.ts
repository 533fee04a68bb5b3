import { utf8ToBytes } from '@noble/hashes/utils.js'
import test from 'ava'
import { isPassword, noOnesVerifier, PASSWORD_ITERATIONS_MAX, passwordVerifier } from '../src/index.ts'
import { nobleEngine } from '../src/noble/index.ts'
import { seededRandom } from './seeded-random.ts'

const engine = nobleEngine({ random: seededRandom('password') })
const salt = new Uint8Array(16).fill(1)
const right = utf8ToBytes('correct horse')

test('the right password fulfils its verifier, another does not', async (t) => {
  const verifier = await passwordVerifier(engine, right, salt, 10)
  t.true(await isPassword(engine, verifier, right))
  t.false(await isPassword(engine, verifier, utf8ToBytes('correct horsf')))
  t.false(await isPassword(engine, verifier, new Uint8Array(0)))
})

test('another salt or another number of rounds makes another hash', async (t) => {
  const verifier = await passwordVerifier(engine, right, salt, 10)
  const others = [
    await passwordVerifier(engine, right, new Uint8Array(16), 10),
    await passwordVerifier(engine, right, salt, 11),
  ]
  for (const other of others) t.notDeepEqual(other.hash, verifier.hash)
  t.false(await isPassword(engine, { ...verifier, iterations: 11 }, right))
})

test('no password fulfils the verifier of nobody', async (t) => {
  t.false(await isPassword(engine, noOnesVerifier(10), right))
})

test('a verifier with absurd rounds is not computed', async (t) => {
  const verifier = await passwordVerifier(engine, right, salt, 10)
  t.false(await isPassword(engine, { ...verifier, iterations: PASSWORD_ITERATIONS_MAX + 1 }, right))
  t.false(await isPassword(engine, { ...verifier, iterations: 0 }, right))
})
