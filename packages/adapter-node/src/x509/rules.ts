import { AsnConvert } from '@peculiar/asn1-schema'
import { AlgorithmIdentifier } from '@peculiar/asn1-x509'
import type { CertificateRejection } from '@hsmlab/ports'
import { KEY_USAGE, type ParsedCertificate } from './certificate.ts'

/** "Initialize the cluster in AWS CloudHSM": what a CA's key may be. */
const CA_RSA_BITS = [2048, 3072, 4096]
const CA_CURVES = ['prime256v1', 'secp384r1', 'secp521r1']

const RSASSA_PSS = '1.2.840.113549.1.1.10'
/** sha224 to sha512 with RSA (RFC 4055, RFC 8017), and with ECDSA (RFC 5758). */
const SIGNATURES = new Set([
  '1.2.840.113549.1.1.14',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.1',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
])
/** SHA-224 to SHA-512 (RFC 4055 §2.1). */
const PSS_DIGESTS = new Set([
  '2.16.840.1.101.3.4.2.4',
  '2.16.840.1.101.3.4.2.1',
  '2.16.840.1.101.3.4.2.2',
  '2.16.840.1.101.3.4.2.3',
])

const EXTENSION_NAMES: Readonly<Record<string, string>> = {
  '2.5.29.14': 'Subject Key Identifier',
  '2.5.29.15': 'Key Usage',
  '2.5.29.17': 'Subject Alternative Name',
  '2.5.29.18': 'Issuer Alternative Name',
  '2.5.29.19': 'Basic Constraints',
  '2.5.29.31': 'CRL Distribution Points',
  '2.5.29.32': 'Certificate Policies',
  '2.5.29.35': 'Authority Key Identifier',
  '2.5.29.37': 'Extended Key Usage',
  '1.3.6.1.5.5.7.1.1': 'Authority Information Access',
}
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1'
const ANY_EXTENDED_KEY_USAGE = '2.5.29.37.0'

const describeKey = ({ x509 }: ParsedCertificate): string => {
  const { asymmetricKeyType, asymmetricKeyDetails } = x509.publicKey
  const size = asymmetricKeyDetails?.modulusLength ?? asymmetricKeyDetails?.namedCurve
  return [asymmetricKeyType ?? 'unknown', size].filter((part) => part !== undefined).join(' ')
}

export const checkCaKey = (certificate: ParsedCertificate): CertificateRejection | undefined => {
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.x509.publicKey
  const isRsa = asymmetricKeyType === 'rsa' || asymmetricKeyType === 'rsa-pss'
  const fits =
    (isRsa && CA_RSA_BITS.includes(asymmetricKeyDetails?.modulusLength ?? 0)) ||
    (asymmetricKeyType === 'ec' && CA_CURVES.includes(asymmetricKeyDetails?.namedCurve ?? ''))
  if (fits) return undefined
  return { _tag: 'CertificateKeyUnsupported', subject: certificate.subject, key: describeKey(certificate) }
}

/** The digest inside RSASSA-PSS-params: its first member, `[0]`; left out it would be SHA-1 (RFC 4055 §3.1). */
const pssDigest = (parameters: Uint8Array | undefined): string | undefined => {
  // SEQUENCE, length, [0], length, AlgorithmIdentifier: all of them shorter than 128 bytes.
  if (parameters === undefined || parameters[0] !== 0x30 || parameters[2] !== 0xa0) return undefined
  const length = parameters[3] ?? 0
  try {
    return AsnConvert.parse(parameters.subarray(4, 4 + length), AlgorithmIdentifier).algorithm
  } catch {
    return undefined
  }
}

export const checkSignatureAlgorithm = (certificate: ParsedCertificate): CertificateRejection | undefined => {
  const { signatureAlgorithm: algorithm, signatureParameters, subject } = certificate
  const fits =
    algorithm === RSASSA_PSS ? PSS_DIGESTS.has(pssDigest(signatureParameters) ?? '') : SIGNATURES.has(algorithm)
  return fits ? undefined : { _tag: 'CertificateSignatureUnsupported', subject, algorithm }
}

const conflict = ({ subject }: ParsedCertificate, extension: string): CertificateRejection => ({
  _tag: 'ExtensionConflict',
  subject,
  extension,
})

/** RFC 5280 §6.1.4: a critical extension that is not understood makes a certificate unacceptable. */
const checkCritical = (certificate: ParsedCertificate): CertificateRejection | undefined => {
  const unknown = certificate.extensions.find(({ critical, extnID }) => critical && !(extnID in EXTENSION_NAMES))
  return unknown === undefined ? undefined : conflict(certificate, unknown.extnID)
}

const lacks = (usage: number | undefined, flags: number): boolean => usage !== undefined && (usage & flags) === 0

/** `below`: how many CAs stand between this one and the cluster certificate. */
export const checkCaExtensions = (certificate: ParsedCertificate, below: number): CertificateRejection | undefined => {
  const { subject, extensions, basicConstraints, keyUsage } = certificate
  if (extensions.length === 0) return undefined
  if (basicConstraints === undefined) return { _tag: 'BasicConstraintsMissing', subject }
  if (!basicConstraints.isCa) return { _tag: 'NotACertificationAuthority', subject }
  if (basicConstraints.pathLength !== undefined && below > basicConstraints.pathLength) {
    return { _tag: 'PathTooLong', subject }
  }
  if (lacks(keyUsage, KEY_USAGE.keyCertSign)) return conflict(certificate, 'Key Usage')
  return checkCritical(certificate)
}

/** The cluster certificate is a TLS server's: what it says about its use must allow that. */
export const checkLeafExtensions = (certificate: ParsedCertificate): CertificateRejection | undefined => {
  const { basicConstraints, keyUsage, extendedKeyUsage } = certificate
  const serves = KEY_USAGE.digitalSignature | KEY_USAGE.keyEncipherment | KEY_USAGE.keyAgreement
  if (lacks(keyUsage, serves)) return conflict(certificate, 'Key Usage')
  const signsCertificates = keyUsage !== undefined && (keyUsage & KEY_USAGE.keyCertSign) !== 0
  if (signsCertificates && basicConstraints?.isCa !== true) return conflict(certificate, 'Key Usage')
  const isForServers = extendedKeyUsage?.some((use) => use === SERVER_AUTHENTICATION || use === ANY_EXTENDED_KEY_USAGE)
  if (isForServers === false) return conflict(certificate, 'Extended Key Usage')
  return checkCritical(certificate)
}

export const checkValidity = (certificate: ParsedCertificate, nowMicros: number): CertificateRejection | undefined => {
  const { subject, notBeforeMicros, notAfterMicros } = certificate
  if (nowMicros < notBeforeMicros) return { _tag: 'CertificateNotYetValid', subject, notBeforeMicros }
  if (nowMicros > notAfterMicros) return { _tag: 'CertificateExpired', subject, notAfterMicros }
  return undefined
}
