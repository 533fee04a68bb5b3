import * as E from 'fp-ts/lib/Either.js'
import type { Ed25519KeyPair, Primitives } from '@hsmlab/crypto'
import { fromBase64, toBase64, Base64Codec } from '@hsmlab/event-sourcing'
import type { CertificateVerifier } from '@hsmlab/ports'

/** Certificates of a toy kind: the name of the CA and an Ed25519 key. What X.509 is, adapters know. */
export const toyCertificate = (ca: string, { publicKey }: Ed25519KeyPair): string => `${ca} ${toBase64(publicKey)}`

export const toyVerifier = ({ ed25519 }: Primitives): CertificateVerifier => ({
  verifyChain: (certificate, trustAnchor) =>
    certificate.startsWith(`${trustAnchor} `)
      ? E.right(undefined)
      : E.left({ _tag: 'CertificateNotIssuedByNext', subject: 'CN=toy' }),
  verifyClusterCertificate: () => E.right(undefined),
  verifySignature: (certificate, message, signature) => {
    const key = Base64Codec.decode(certificate.split(' ')[1])
    return E.isRight(key) && ed25519.verify(fromBase64(key.right), message, signature)
  },
  certifiesKey: () => false,
})
