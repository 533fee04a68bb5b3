import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { CertificationRequest } from '@peculiar/asn1-csr'
import { AsnConvert } from '@peculiar/asn1-schema'
import {
  BasicConstraints,
  Certificate as AsnCertificate,
  type Extension,
  ExtendedKeyUsage,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  KeyUsage,
  KeyUsageFlags,
} from '@peculiar/asn1-x509'

/** A certificate as OpenSSL sees it, with what OpenSSL's face in Node does not tell. */
export type ParsedCertificate = Readonly<{
  x509: X509Certificate
  /** For people: `C=US, O=Example, CN=Root`. */
  subject: string
  notBeforeMicros: number
  notAfterMicros: number
  signatureAlgorithm: string
  /** DER of the parameters of the signature algorithm. */
  signatureParameters: Uint8Array | undefined
  extensions: ReadonlyArray<Extension>
  basicConstraints: Readonly<{ isCa: boolean; pathLength: number | undefined }> | undefined
  keyUsage: number | undefined
  extendedKeyUsage: ReadonlyArray<string> | undefined
}>

export const KEY_USAGE = KeyUsageFlags

const extensionOf = (extensions: ReadonlyArray<Extension>, oid: string): ArrayBuffer | undefined =>
  extensions.find(({ extnID }) => extnID === oid)?.extnValue.buffer

const micros = (time: Readonly<{ getTime: () => Date }>): number => time.getTime().getTime() * 1000

const readParts = (der: Uint8Array): ParsedCertificate => {
  const x509 = new X509Certificate(der)
  const { tbsCertificate, signatureAlgorithm } = AsnConvert.parse(x509.raw, AsnCertificate)
  const extensions: ReadonlyArray<Extension> = tbsCertificate.extensions ?? []
  const constraints = extensionOf(extensions, id_ce_basicConstraints)
  const usage = extensionOf(extensions, id_ce_keyUsage)
  const extendedUsage = extensionOf(extensions, id_ce_extKeyUsage)
  const basic = constraints === undefined ? undefined : AsnConvert.parse(constraints, BasicConstraints)
  return {
    x509,
    subject: x509.subject.split('\n').join(', '),
    notBeforeMicros: micros(tbsCertificate.validity.notBefore),
    notAfterMicros: micros(tbsCertificate.validity.notAfter),
    signatureAlgorithm: signatureAlgorithm.algorithm,
    signatureParameters: signatureAlgorithm.parameters ? new Uint8Array(signatureAlgorithm.parameters) : undefined,
    extensions,
    basicConstraints: basic === undefined ? undefined : { isCa: basic.cA, pathLength: basic.pathLenConstraint },
    keyUsage: usage === undefined ? undefined : AsnConvert.parse(usage, KeyUsage).toNumber(),
    extendedKeyUsage: extendedUsage === undefined ? undefined : [...AsnConvert.parse(extendedUsage, ExtendedKeyUsage)],
  }
}

/** `undefined`: not the DER of an X.509 certificate, or one with a key that OpenSSL does not know. */
export const parseCertificate = (der: Uint8Array): ParsedCertificate | undefined => {
  try {
    const parsed = readParts(der)
    return parsed.x509.publicKey.type === 'public' ? parsed : undefined
  } catch {
    return undefined
  }
}

/** The key that a certificate certifies, without a look at the rest of it; `undefined`: not the DER of one. */
export const publicKeyOfCertificate = (der: Uint8Array): KeyObject | undefined => {
  try {
    return new X509Certificate(der).publicKey
  } catch {
    return undefined
  }
}

/** The key that a certificate request asks to be certified; `undefined`: not the DER of one (RFC 2986). */
export const publicKeyOfRequest = (der: Uint8Array): KeyObject | undefined => {
  try {
    const { certificationRequestInfo } = AsnConvert.parse(der, CertificationRequest)
    const spki = Buffer.from(AsnConvert.serialize(certificationRequestInfo.subjectPKInfo))
    return createPublicKey({ key: spki, format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}
