import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import test from 'ava'
import { counterKdf, counterKdfOf } from '../src/counter-kdf.ts'
import { nobleEngine } from '../src/noble/index.ts'
import { seededRandom } from './seeded-random.ts'

const engine = nobleEngine({ random: seededRandom('kdf') })

/** NIST CAVP, KBKDF counter mode, [PRF=HMAC_SHA256] [CTRLOCATION=BEFORE_FIXED] [RLEN=32_BITS], counts 0 and 10. */
test('the counter KDF is that of the NIST vectors', (t) => {
  const vectors = [
    {
      key: 'dd1d91b7d90b2bd3138533ce92b272fbf8a369316aefe242e659cc0ae238afe0',
      fixedInput:
        '01322b96b30acd197979444e468e1c5c6859bf1b1cf951b7e725303e237e46b864a145fab25e517b08f8683d0315bb2911d80a0e8aba17f3b413faac',
      output: '10621342bfb0fd40046c0e29f2cfdbf0',
    },
    {
      key: 'e204d6d466aad507ffaf6d6dab0a5b26152c9e21e764370464e360c8fbc765c6',
      fixedInput:
        '7b03b98d9f94b899e591f3ef264b71b193fba7043c7e953cde23bc5384bc1a6293580115fae3495fd845dadbd02bd6455cf48d0f62b33e62364a3a80',
      output: '770dfab6a6a4a4bee0257ff335213f78d8287b4fd537d5c1fffa956910e7c779',
    },
  ]
  for (const { key, fixedInput, output } of vectors) {
    t.is(bytesToHex(counterKdfOf(engine, hexToBytes(key), hexToBytes(fixedInput), output.length / 2)), output)
  }
})

test('label, context and length make the fixed input', (t) => {
  const key = new Uint8Array(32).fill(1)
  const fixedInput = concatBytes(utf8ToBytes('label'), Uint8Array.of(0), utf8ToBytes('context'), hexToBytes('00000180'))
  const expected = counterKdfOf(engine, key, fixedInput, 48)
  t.deepEqual(counterKdf(engine, key, utf8ToBytes('label'), utf8ToBytes('context'), 48), expected)
})
