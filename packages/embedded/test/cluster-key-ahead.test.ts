import test from 'ava'
import type { CryptoEngine } from '@hsmlab/crypto'
import { opensslEngine } from '@hsmlab/adapter-node'
import { withClusterKeyAhead } from '../src/ready-made/cluster-key-ahead.ts'

const F4 = Uint8Array.of(1, 0, 1)
const NOTHING = new Uint8Array(0)

/** An engine that only counts the RSA keys it is asked for. */
const countingEngine = () => {
  const asked: number[] = []
  const generateRsa: CryptoEngine['generateRsa'] = async (modulusBits) => {
    asked.push(modulusBits)
    return { pkcs8: Uint8Array.of(asked.length), modulus: NOTHING, publicExponent: NOTHING }
  }
  return { asked, engine: { ...opensslEngine(), generateRsa } }
}

test('the first key of a cluster is begun before anybody asks, and given once', async (t) => {
  const { asked, engine } = countingEngine()
  const ahead = withClusterKeyAhead(engine)
  t.deepEqual(asked, [2048])
  const [first, second] = [await ahead.generateRsa(2048, F4), await ahead.generateRsa(2048, F4)]
  t.deepEqual(asked, [2048, 2048])
  t.notDeepEqual(first.pkcs8, second.pkcs8)
})

test('a key of another size or exponent is none of a cluster', async (t) => {
  const { asked, engine } = countingEngine()
  const ahead = withClusterKeyAhead(engine)
  await ahead.generateRsa(3072, F4)
  await ahead.generateRsa(2048, Uint8Array.of(3, 1, 1))
  t.deepEqual(asked, [2048, 3072, 2048])
})

test('an engine that cannot make the key says so to whoever asks, and to nobody else', async (t) => {
  const generateRsa: CryptoEngine['generateRsa'] = () => Promise.reject(new Error('no primes'))
  const refusing = { ...opensslEngine(), generateRsa }
  const ahead = withClusterKeyAhead(refusing)
  await t.throwsAsync(ahead.generateRsa(2048, F4), { message: 'no primes' })
})
