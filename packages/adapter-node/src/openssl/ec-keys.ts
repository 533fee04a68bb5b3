import { createECDH, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import {
  bytesToNumber,
  type CryptoBackend,
  type CurveName,
  CURVES,
  type EcKeyPair,
  ecSec1,
  ecSpki,
  numberToBytes,
} from '@hsmlab/crypto'
import { plain } from './bytes.ts'
import type { Crew } from './crew.ts'
import { OPENSSL_HASH } from './hash.ts'
import { type HeavyJob, runHeavyJob } from './heavy-job.ts'

/** OpenSSL has hand-written assembly for P-256 alone; the others take 0.3 to 2 ms. */
const isQuick = (curve: CurveName): boolean => curve === 'secp256r1'

/** P-256 on this thread, the other curves where the crew says. */
const runner = (curve: CurveName, crew: Crew) => (job: HeavyJob) => {
  if (!isQuick(curve)) return crew.run(job)
  crew.noteShort()
  return runHeavyJob(job)
}

/** A value made at its first use. */
const lazy = <A>(make: () => A): (() => A) => {
  let made: { value: A } | undefined
  return () => (made ??= { value: make() }).value
}

const opensslEcPrivateKey =
  (crew: Crew): CryptoBackend['openEcPrivate'] =>
  (curve, scalar) => {
    const run = runner(curve, crew)
    const privateKey = bytesToNumber(scalar)
    const sec1 = Buffer.from(ecSec1(curve, scalar))
    const key = lazy((): KeyObject => createPrivateKey({ key: sec1, format: 'der', type: 'sec1' }))
    return {
      signDigest: (digest) => run({ _tag: 'ecdsa-sign-digest', curve, privateKey, digest }),
      signMessage: (hash, message) => run({ _tag: 'ecdsa-sign', key: key(), hash: OPENSSL_HASH[hash], message }),
      close: () => void sec1.fill(0),
    }
  }

const opensslEcPublicKey =
  (crew: Crew): CryptoBackend['openEcPublic'] =>
  (curve, publicPoint) => {
    const run = runner(curve, crew)
    const point = Uint8Array.from(publicPoint)
    const key = lazy(() => createPublicKey({ key: Buffer.from(ecSpki(curve, point)), format: 'der', type: 'spki' }))
    return {
      verifyDigest: (digest, signature) => run({ _tag: 'ecdsa-verify-digest', curve, point, digest, signature }),
      verifyMessage: (hash, message, signature) =>
        run({ _tag: 'ecdsa-verify', key: key(), hash: OPENSSL_HASH[hash], message, signature }),
    }
  }

const generateEc = (curve: CurveName): EcKeyPair => {
  const { bytes, opensslName } = CURVES[curve]
  const ecdh = createECDH(opensslName)
  const point = plain(ecdh.generateKeys())
  return { scalar: numberToBytes(bytesToNumber(ecdh.getPrivateKey()), bytes), point }
}

export const opensslEc = (crew: Crew): Pick<CryptoBackend, 'generateEc' | 'openEcPrivate' | 'openEcPublic'> => ({
  generateEc,
  openEcPrivate: opensslEcPrivateKey(crew),
  openEcPublic: opensslEcPublicKey(crew),
})
