import * as E from 'fp-ts/lib/Either.js'
import type { CertificateRejection, CertificateRole } from '@hsmlab/ports'
import { parseCertificate, type ParsedCertificate } from './certificate.ts'
import { pemBlocks } from './pem.ts'
import { checkCaExtensions, checkCaKey, checkLeafExtensions, checkSignatureAlgorithm, checkValidity } from './rules.ts'

/** API Reference: InitializeCluster, and the guide's "chain of at most four certificates, 16 KB". */
const SIGNED_CERT_SIZE_MAX = 20_000
const TRUST_ANCHOR_SIZE_MAX = 16_384
const TRUST_ANCHOR_CERTIFICATES_MAX = 4

type Verdict = CertificateRejection | undefined

const readAll = (
  text: string,
  role: CertificateRole,
  sizeMax: number,
  countMax: number,
): E.Either<CertificateRejection, ReadonlyArray<ParsedCertificate>> => {
  if (text.length > sizeMax) return E.left({ _tag: 'CertificateTooLarge', role, limit: sizeMax })
  const blocks = pemBlocks(text, 'CERTIFICATE')
  if (blocks.length === 0) return E.left({ _tag: 'CertificateMalformed', role })
  if (blocks.length > countMax) return E.left({ _tag: 'CertificateCount', role, count: blocks.length, limit: countMax })
  const certificates = blocks.map(parseCertificate).filter((certificate) => certificate !== undefined)
  return certificates.length === blocks.length ? E.right(certificates) : E.left({ _tag: 'CertificateMalformed', role })
}

/** SignedCert first, then its issuers as the TrustAnchor has them. */
export type Chain = Readonly<{ leaf: ParsedCertificate; issuers: ReadonlyArray<ParsedCertificate> }>

export const readChain = (signedCert: string, trustAnchor: string): E.Either<CertificateRejection, Chain> => {
  const leaf = readAll(signedCert, 'SignedCert', SIGNED_CERT_SIZE_MAX, 1)
  if (E.isLeft(leaf)) return leaf
  const issuers = readAll(trustAnchor, 'TrustAnchor', TRUST_ANCHOR_SIZE_MAX, TRUST_ANCHOR_CERTIFICATES_MAX)
  if (E.isLeft(issuers)) return issuers
  const [only] = leaf.right
  return only === undefined
    ? E.left({ _tag: 'CertificateMalformed', role: 'SignedCert' })
    : E.right({ leaf: only, issuers: issuers.right })
}

/** By name and by signature; what extensions say about it is checked, and named, by itself. */
const isIssuedBy = ({ x509 }: ParsedCertificate, issuer: ParsedCertificate): boolean => {
  try {
    return x509.issuer === issuer.x509.subject && x509.verify(issuer.x509.publicKey)
  } catch {
    return false
  }
}

/** Names match, whatever the signature says. */
const namesItself = ({ x509 }: ParsedCertificate): boolean => x509.subject === x509.issuer

/** Each issued by the next, and only the last one self-signed. */
const checkLinks = ({ leaf, issuers }: Chain): Verdict => {
  const chain = [leaf, ...issuers]
  for (const [index, certificate] of chain.entries()) {
    const { subject } = certificate
    const next = chain[index + 1]
    if (next === undefined) {
      return isIssuedBy(certificate, certificate) ? undefined : { _tag: 'TrustAnchorNotSelfSigned', subject }
    }
    if (index > 0 && namesItself(certificate)) return { _tag: 'IntermediateSelfSigned', subject }
    if (!isIssuedBy(certificate, next)) return { _tag: 'CertificateNotIssuedByNext', subject }
  }
  return undefined
}

/** The first of `checks` that finds something. */
const firstFinding = (checks: ReadonlyArray<() => Verdict>): Verdict => {
  for (const check of checks) {
    const finding = check()
    if (finding !== undefined) return finding
  }
  return undefined
}

export const checkChain = (chain: Chain, nowMicros: number): Verdict => {
  const { leaf, issuers } = chain
  const all = [leaf, ...issuers]
  return firstFinding([
    // Keys first: OpenSSL itself will not verify with some of those that CloudHSM refuses, and would say less.
    ...issuers.map((issuer) => () => checkCaKey(issuer)),
    () => checkLinks(chain),
    ...all.map((certificate) => () => checkSignatureAlgorithm(certificate)),
    () => checkLeafExtensions(leaf),
    ...issuers.map((issuer, below) => () => checkCaExtensions(issuer, below)),
    ...all.map((certificate) => () => checkValidity(certificate, nowMicros)),
  ])
}
