import type { Either } from 'fp-ts/lib/Either.js'
import type { Tagged } from '@hsmlab/event-sourcing'

/** Which of the texts a complaint is about. */
export type CertificateRole = 'SignedCert' | 'TrustAnchor' | 'ClusterCsr'

/**
 * Why a cluster certificate or its chain is not accepted (AWS CloudHSM User Guide: "Initialize the cluster in AWS
 * CloudHSM"; RFC 5280 §6). `subject` names the certificate at fault, as RFC 2253 text.
 */
export type CertificateRejection =
  /** Not PEM, or not DER of an X.509 certificate inside. */
  | Tagged<'CertificateMalformed', { role: CertificateRole }>
  /** PEM text over `limit` bytes. */
  | Tagged<'CertificateTooLarge', { role: CertificateRole; limit: number }>
  /** SignedCert must be one certificate, a TrustAnchor one to four. */
  | Tagged<'CertificateCount', { role: CertificateRole; count: number; limit: number }>
  /** The certified key is not the one of the CSR. */
  | Tagged<'CertificateKeyMismatch'>
  /** A certificate of the chain did not issue the one before it, or its signature over that one is wrong. */
  | Tagged<'CertificateNotIssuedByNext', { subject: string }>
  /** The last certificate of the TrustAnchor must be self-signed. */
  | Tagged<'TrustAnchorNotSelfSigned', { subject: string }>
  /** Only the last one may be. */
  | Tagged<'IntermediateSelfSigned', { subject: string }>
  | Tagged<'CertificateExpired', { subject: string; notAfterMicros: number }>
  | Tagged<'CertificateNotYetValid', { subject: string; notBeforeMicros: number }>
  /** An issuer with a key that CloudHSM does not take; `key` says what it is. */
  | Tagged<'CertificateKeyUnsupported', { subject: string; key: string }>
  | Tagged<'CertificateSignatureUnsupported', { subject: string; algorithm: string }>
  /** An issuer with extensions must have Basic Constraints, and they must say CA. */
  | Tagged<'BasicConstraintsMissing', { subject: string }>
  | Tagged<'NotACertificationAuthority', { subject: string }>
  /** More intermediates than `pathlen` allows. */
  | Tagged<'PathTooLong', { subject: string }>
  /** An extension that contradicts the certificate's use, or a critical one that is not known. */
  | Tagged<'ExtensionConflict', { subject: string; extension: string }>

/** Checks X.509 certificates. Times are microseconds since 1970; texts are PEM; nothing is fetched from anywhere. */
export interface CertificateVerifier {
  /**
   * Does `clusterCertificate` chain to the customer's CA now? `trustAnchor`: one self-signed root, or the issuers in
   * order with the root last. What clients ask of an HSM's certificate.
   */
  readonly verifyChain: (
    clusterCertificate: string,
    trustAnchor: string,
    nowMicros: number,
  ) => Either<CertificateRejection, void>
  /** The same, with the rules for InitializeCluster: also that it certifies the key of `clusterCsr`. */
  readonly verifyClusterCertificate: (
    signedCert: string,
    trustAnchor: string,
    clusterCsr: string,
    nowMicros: number,
  ) => Either<CertificateRejection, void>
  /** SHA-256 with RSA PKCS#1 v1.5, or ECDSA in DER, by the type of the certified key. False for anything malformed. */
  readonly verifySignature: (certificate: string, message: Uint8Array, signature: Uint8Array) => boolean
  /** True when `certificate` certifies the public half of this PKCS#8 key: what an HSM asks before it installs one. */
  readonly certifiesKey: (certificate: string, privateKeyPkcs8: Uint8Array) => boolean
}

export type HasCertificateVerifier = Readonly<{ certificates: CertificateVerifier }>

/** What the first HSM of a cluster is asked to prove who it is. */
export type IdentityRequest = Readonly<{
  /** The cluster's private key, PKCS#8 DER, RSA or EC. */
  clusterKey: Uint8Array
  serialNumber: string
  /** Number of the HSM's partition on its hardware. */
  partition: number
  mode: 'FIPS' | 'NON_FIPS'
  nowMicros: number
}>

/** PEM texts, as DescribeClusters shows them before initialization. */
export type IdentityTexts = Readonly<{
  clusterCsr: string
  hsmCertificate: string
  awsHardwareCertificate: string
  manufacturerHardwareCertificate: string
}>

/**
 * The factory: gives a piece of hardware its key and has AWS and the manufacturer certify it; the hardware then
 * certifies the cluster's key ("Verify the identity and authenticity of your cluster's HSM in AWS CloudHSM").
 */
export interface HardwareIssuer {
  /** PEM of the two published roots, against which a customer verifies. */
  readonly roots: Readonly<{ aws: string; manufacturer: string }>
  readonly issueIdentity: (request: IdentityRequest) => IdentityTexts
}

export type HasHardwareIssuer = Readonly<{ hardware: HardwareIssuer }>
