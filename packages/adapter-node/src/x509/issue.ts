import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto'
import { Attributes, CertificationRequest, CertificationRequestInfo } from '@peculiar/asn1-csr'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  Extension,
  Extensions,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_subjectKeyIdentifier,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509'
import { toPem } from './pem.ts'

/** RFC 4519; the order of a subject is the order of its parts. */
const ATTRIBUTES = { C: '2.5.4.6', ST: '2.5.4.8', L: '2.5.4.7', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' } as const
export type DistinguishedName = ReadonlyArray<readonly [keyof typeof ATTRIBUTES, string]>

const toName = (parts: DistinguishedName | Name): Name =>
  parts instanceof Name
    ? parts
    : new Name(
        parts.map(([attribute, text]) => {
          const value = new AttributeValue(attribute === 'C' ? { printableString: text } : { utf8String: text })
          return new RelativeDistinguishedName([new AttributeTypeAndValue({ type: ATTRIBUTES[attribute], value })])
        }),
      )

const spkiOf = (key: KeyObject): SubjectPublicKeyInfo => {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  return AsnConvert.parse(publicKey.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo)
}

/** RFC 5280 §4.2.1.2, method 1. */
const keyIdentifier = (key: KeyObject): Buffer =>
  createHash('sha1')
    .update(new Uint8Array(spkiOf(key).subjectPublicKey))
    .digest()

const NULL = Uint8Array.of(5, 0).buffer

/** SHA-256 with RSA PKCS#1 v1.5 or ECDSA, by the signer's key. */
const signatureAlgorithmOf = (key: KeyObject): AlgorithmIdentifier =>
  key.asymmetricKeyType === 'ec'
    ? new AlgorithmIdentifier({ algorithm: '1.2.840.10045.4.3.2' })
    : new AlgorithmIdentifier({ algorithm: '1.2.840.113549.1.1.11', parameters: NULL })

const signed = (toBeSigned: ArrayBuffer, key: KeyObject): ArrayBuffer => {
  const signature = sign('sha256', new Uint8Array(toBeSigned), key)
  return new Uint8Array(signature).buffer
}

const extension = (extnID: string, critical: boolean, value: unknown): Extension =>
  new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) })

const usageOf = (isCa: boolean): number =>
  isCa ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign : KeyUsageFlags.digitalSignature

const extensionsOf = (subjectKey: KeyObject, issuerKey: KeyObject, isCa: boolean): Extensions =>
  new Extensions([
    extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: isCa })),
    extension(id_ce_keyUsage, true, new KeyUsage(usageOf(isCa))),
    extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(keyIdentifier(subjectKey))),
    extension(
      id_ce_authorityKeyIdentifier,
      false,
      new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(keyIdentifier(issuerKey)) }),
    ),
  ])

/** Positive, 16 bytes of entropy less one bit (RFC 5280 §4.1.2.2). */
const serialNumber = (): ArrayBuffer => {
  const bytes = new Uint8Array(randomBytes(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.buffer
}

export type CertificateOrder = Readonly<{
  /** Or the name that a request bears. */
  subject: DistinguishedName | Name
  /** Public or private. */
  subjectKey: KeyObject
  issuer: DistinguishedName
  issuerKey: KeyObject
  isCa: boolean
  notBeforeMicros: number
  notAfterMicros: number
}>

const dateOf = (micros: number): Date => new Date(Math.floor(micros / 1_000_000) * 1000)

/** A version 3 certificate, as PEM. */
export const issueCertificate = (order: CertificateOrder): string => {
  const { subject, subjectKey, issuer, issuerKey, isCa } = order
  const signatureAlgorithm = signatureAlgorithmOf(issuerKey)
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: signatureAlgorithm,
    issuer: toName(issuer),
    validity: new Validity({ notBefore: dateOf(order.notBeforeMicros), notAfter: dateOf(order.notAfterMicros) }),
    subject: toName(subject),
    subjectPublicKeyInfo: spkiOf(subjectKey),
    extensions: extensionsOf(subjectKey, issuerKey, isCa),
  })
  const signatureValue = signed(AsnConvert.serialize(tbsCertificate), issuerKey)
  const certificate = new Certificate({ tbsCertificate, signatureAlgorithm, signatureValue })
  return toPem(new Uint8Array(AsnConvert.serialize(certificate)), 'CERTIFICATE')
}

/** A certificate request (RFC 2986) signed by its own key, as PEM. */
export const requestCertificate = (subject: DistinguishedName, key: KeyObject): string => {
  const certificationRequestInfo = new CertificationRequestInfo({
    subject: toName(subject),
    subjectPKInfo: spkiOf(key),
    attributes: new Attributes(),
  })
  const signature = signed(AsnConvert.serialize(certificationRequestInfo), key)
  const request = new CertificationRequest({
    certificationRequestInfo,
    signatureAlgorithm: signatureAlgorithmOf(key),
    signature,
  })
  return toPem(new Uint8Array(AsnConvert.serialize(request)), 'CERTIFICATE REQUEST')
}
