import { constants, createPrivateKey, createPublicKey, generateKeyPair, publicEncrypt } from 'node:crypto'
import { promisify } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { bytesToNumber, type CryptoBackend, failed, rsaParts, type RsaKeyPair, rsaSpki } from '@hsmlab/crypto'
import { plain, unlessRefused } from './bytes.ts'
import type { Crew } from './crew.ts'

const generateKeyPairAsync = promisify(generateKeyPair)

/** On Node's thread pool: 2048 bits take a tenth of a second, 4096 about one. */
const generateRsa = async (modulusBits: number, publicExponent: Uint8Array): Promise<RsaKeyPair> => {
  const { privateKey } = await generateKeyPairAsync('rsa', {
    modulusLength: modulusBits,
    publicExponent: Number(bytesToNumber(publicExponent)),
  })
  const pkcs8 = Uint8Array.from(privateKey.export({ format: 'der', type: 'pkcs8' }))
  const parts = rsaParts(pkcs8)
  if (parts === undefined) throw new Error('invariant broken: OpenSSL makes RSA keys of two primes')
  return { pkcs8, modulus: Uint8Array.from(parts.modulus), publicExponent: Uint8Array.from(parts.publicExponent) }
}

const openRsaPublic: CryptoBackend['openRsaPublic'] = (modulus, publicExponent) => {
  const spki = Buffer.from(rsaSpki(modulus, publicExponent))
  const key = unlessRefused(() => createPublicKey({ key: spki, format: 'der', type: 'spki' }))
  return (
    key && {
      publicOperation: (block) => {
        const padding = constants.RSA_NO_PADDING
        const result = unlessRefused(() => plain(publicEncrypt({ key, padding }, block)))
        return result === undefined ? failed('CKR_DATA_INVALID') : E.right(result)
      },
    }
  )
}

const openRsaPrivate =
  (crew: Crew): CryptoBackend['openRsaPrivate'] =>
  (pkcs8) => {
    const key = unlessRefused(() => createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' }))
    if (key?.asymmetricKeyType !== 'rsa') return undefined
    return { privateOperation: (block) => crew.run({ _tag: 'rsa-private', key, block }), close: () => {} }
  }

export const opensslRsa = (crew: Crew): Pick<CryptoBackend, 'generateRsa' | 'openRsaPrivate' | 'openRsaPublic'> => ({
  generateRsa,
  openRsaPrivate: openRsaPrivate(crew),
  openRsaPublic,
})
