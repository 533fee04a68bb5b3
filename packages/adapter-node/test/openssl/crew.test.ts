import test from 'ava'
import { CKM, NO_PARAMETER } from '@hsmlab/pkcs11'
import { RSA_FIXTURES } from '@hsmlab/crypto/noble'
import { createPrivateKey } from 'node:crypto'
import { opensslEngine } from '../../src/index.ts'
import { crew } from '../../src/openssl/crew.ts'

const { pkcs8 } = RSA_FIXTURES[0]!
const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
const block = (first: number): Uint8Array => new Uint8Array(256).fill(1).fill(0, 0, 1).fill(first, 1, 2)
const job = (first: number) => ({ _tag: 'rsa-private', key, block: block(first) }) as const
const alone = async (first: number): Promise<unknown> => {
  const threads = crew(1)
  const result = await threads.run(job(first))
  await threads.close()
  return result
}

test('many jobs at once give each its own result', async (t) => {
  const threads = crew(2)
  t.teardown(threads.close)
  const expected = await Promise.all([1, 2, 3].map(alone))
  // The first lots are computed here, while the threads start; the later ones by the threads.
  for (const start = performance.now(); performance.now() - start < 1500;) {
    const results = await Promise.all(Array.from({ length: 30 }, (_, i) => threads.run(job(1 + (i % 3)))))
    for (const [i, result] of results.entries()) t.deepEqual(result, expected[i % 3] as typeof result)
  }
})

test('a crew without threads computes all the same', async (t) => {
  const threads = crew(0)
  const results = await Promise.all([threads.run(job(1)), threads.run(job(2))])
  t.deepEqual(
    results.map((result) => result._tag),
    ['Right', 'Right'],
  )
})

test('a block that is not below the modulus is bad data, on any thread', async (t) => {
  const threads = crew(1)
  t.teardown(threads.close)
  const wrong = { _tag: 'rsa-private', key, block: new Uint8Array(256).fill(255) } as const
  const results = await Promise.all(Array.from({ length: 8 }, () => threads.run(wrong)))
  for (const result of results) t.deepEqual(result, { _tag: 'Left', left: { _tag: 'CKR_DATA_INVALID' } })
})

test('a job that OpenSSL refuses is a device error, and harms no thread', async (t) => {
  const threads = crew(1)
  t.teardown(threads.close)
  const refused = { _tag: 'ecdsa-sign', key, hash: 'no such hash', message: block(1) } as const
  const results = await Promise.all([threads.run(refused), threads.run(job(1)), threads.run(refused)])
  t.deepEqual(
    results.map((result) => (result._tag === 'Left' ? result.left._tag : 'CKR_OK')),
    ['CKR_DEVICE_ERROR', 'CKR_OK', 'CKR_DEVICE_ERROR'],
  )
})

test('the queue has an end, and then the HSM is busy', async (t) => {
  const threads = crew(0)
  const results = Array.from({ length: 4097 }, () => threads.run(job(1)))
  t.deepEqual(await results.at(-1), { _tag: 'Left', left: { _tag: 'CKR_FUNCTION_FAILED' } })
  await threads.close()
  t.deepEqual(await results[4000], { _tag: 'Left', left: { _tag: 'CKR_DEVICE_ERROR' } })
})

test('a closed engine answers CKR_DEVICE_ERROR to what would need its threads', async (t) => {
  const engine = opensslEngine({ workers: 1 })
  const opened = engine.open({ _tag: 'rsa-private', pkcs8 })
  if (opened._tag === 'Left') throw new Error(opened.left._tag)
  await engine.close()
  const result = await engine.sign(opened.right, { type: CKM.CKM_RSA_PKCS, parameter: NO_PARAMETER }, Uint8Array.of(1))
  t.deepEqual(result, { _tag: 'Left', left: { _tag: 'CKR_DEVICE_ERROR' } })
})
