import { constants, createPrivateKey, createPublicKey, type KeyObject, verify } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import type { CertificateRejection, CertificateVerifier } from '@hsmlab/ports'
import { publicKeyOfCertificate, publicKeyOfRequest } from './certificate.ts'
import { checkChain, readChain } from './chain.ts'
import { pemBlocks } from './pem.ts'

const REQUEST_LABELS = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST']

const keyOfRequest = (clusterCsr: string): KeyObject | undefined => {
  const [der] = REQUEST_LABELS.flatMap((label) => pemBlocks(clusterCsr, label))
  return der === undefined ? undefined : publicKeyOfRequest(der)
}

const keyOfCertificate = (pem: string): KeyObject | undefined => {
  const [der] = pemBlocks(pem, 'CERTIFICATE')
  return der === undefined ? undefined : publicKeyOfCertificate(der)
}

const asResult = (finding: CertificateRejection | undefined): E.Either<CertificateRejection, void> =>
  finding === undefined ? E.right(undefined) : E.left(finding)

const holdsUnder = (key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean => {
  try {
    const padding = key.asymmetricKeyType === 'rsa' ? { padding: constants.RSA_PKCS1_PADDING } : {}
    return verify('sha256', message, { key, ...padding }, signature)
  } catch {
    return false
  }
}

const isHalfOf = (publicKey: KeyObject, pkcs8: Uint8Array): boolean => {
  try {
    const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
    return createPublicKey(privateKey).equals(publicKey)
  } catch {
    return false
  }
}

/** X.509 with OpenSSL's signatures: RFC 5280 path validation, for the short chains that CloudHSM takes. */
export const nodeCertificateVerifier: CertificateVerifier = {
  verifyChain: (clusterCertificate, trustAnchor, nowMicros) => {
    const chain = readChain(clusterCertificate, trustAnchor)
    return E.isLeft(chain) ? chain : asResult(checkChain(chain.right, nowMicros))
  },
  verifyClusterCertificate: (signedCert, trustAnchor, clusterCsr, nowMicros) => {
    const requested = keyOfRequest(clusterCsr)
    if (requested === undefined) return E.left({ _tag: 'CertificateMalformed', role: 'ClusterCsr' })
    const chain = readChain(signedCert, trustAnchor)
    if (E.isLeft(chain)) return chain
    if (!chain.right.leaf.x509.publicKey.equals(requested)) return E.left({ _tag: 'CertificateKeyMismatch' })
    return asResult(checkChain(chain.right, nowMicros))
  },
  verifySignature: (certificate, message, signature) => {
    const key = keyOfCertificate(certificate)
    return key !== undefined && holdsUnder(key, message, signature)
  },
  certifiesKey: (certificate, privateKeyPkcs8) => {
    const key = keyOfCertificate(certificate)
    return key !== undefined && isHalfOf(key, privateKeyPkcs8)
  },
}
