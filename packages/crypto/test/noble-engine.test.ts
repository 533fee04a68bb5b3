import test from 'ava'
import { engineContract } from '../src/contract/index.ts'
import type { CryptoEngine } from '../src/index.ts'
import { nobleEngine, RSA_FIXTURES } from '../src/noble/index.ts'
import { seededRandom } from './seeded-random.ts'

const seeded = (seed: string): CryptoEngine => nobleEngine({ random: seededRandom(seed), rsaKeys: RSA_FIXTURES })
const [rsaKey] = RSA_FIXTURES
const exponent = Uint8Array.of(1, 0, 1)

engineContract(test, { engine: seeded('contract'), rsaKey: rsaKey! })

test('the same seed draws the same keys', async (t) => {
  const draw = async (engine: CryptoEngine) => [
    engine.generateEc('secp384r1'),
    engine.x25519.generate(),
    engine.ed25519.generate(),
    await engine.generateRsa(2048, exponent),
  ]
  t.deepEqual(await draw(seeded('one')), await draw(seeded('one')))
  t.notDeepEqual(await draw(seeded('one')), await draw(seeded('two')))
})

test('every RSA key of the pool is drawn, and none that is not in it', async (t) => {
  const engine = seeded('pool')
  const drawn = await Promise.all(Array.from({ length: 40 }, () => engine.generateRsa(2048, exponent)))
  t.is(new Set(drawn.map(({ modulus }) => modulus.join())).size, RSA_FIXTURES.length)
  await t.throwsAsync(engine.generateRsa(3072, exponent), { message: /no RSA key of 3072 bits/ })
  await t.throwsAsync(engine.generateRsa(2048, Uint8Array.of(3)), { message: /no RSA key/ })
})

test('a drawn key may be wiped: the pool keeps its own', async (t) => {
  const engine = nobleEngine({ random: seededRandom('wiped'), rsaKeys: [rsaKey!] })
  const drawn = await engine.generateRsa(2048, exponent)
  drawn.pkcs8.fill(0)
  t.deepEqual(await engine.generateRsa(2048, exponent), rsaKey)
})
