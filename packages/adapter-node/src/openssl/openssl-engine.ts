import { availableParallelism } from 'node:os'
import { createHmac, createSecretKey } from 'node:crypto'
import { type CryptoEngine, cryptoEngine, type MacKey } from '@hsmlab/crypto'
import { systemRandom } from '../random.ts'
import { opensslAesKey } from './aes-key.ts'
import { plain } from './bytes.ts'
import { crew } from './crew.ts'
import { opensslEc } from './ec-keys.ts'
import { OPENSSL_HASH, opensslHash, opensslStartHash } from './hash.ts'
import { opensslPrimitives } from './primitives.ts'
import { opensslRsa } from './rsa-keys.ts'

const WORKERS_MAX = 4

export type OpensslEngine = CryptoEngine &
  Readonly<{
    /** Ends the engine's threads; operations under way end with CKR_DEVICE_ERROR. */
    close: () => Promise<void>
  }>

export type OpensslEngineOptions = Readonly<{
  /** Threads for what takes over 100 µs while others wait; by default one per processor, at most 4. */
  workers?: number
}>

const openMac = (value: Uint8Array): MacKey => {
  const key = createSecretKey(value)
  return {
    mac: (hash, message) => plain(createHmac(OPENSSL_HASH[hash], key).update(message).digest()),
    close: () => {},
  }
}

/** The product's engine: OpenSSL through node:crypto. One serves a whole process. */
export const opensslEngine = ({ workers }: OpensslEngineOptions = {}): OpensslEngine => {
  const threads = crew(workers ?? Math.min(availableParallelism(), WORKERS_MAX))
  const engine = cryptoEngine({
    ...opensslPrimitives(),
    ...opensslEc(threads),
    ...opensslRsa(threads),
    name: 'openssl',
    randomBytes: systemRandom.bytes,
    hash: opensslHash,
    startHash: opensslStartHash,
    openAes: opensslAesKey,
    openMac,
  })
  return { ...engine, close: threads.close }
}
