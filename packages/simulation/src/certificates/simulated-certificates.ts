import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { equalBytes } from '@hsmlab/crypto'
import { type Base64, Base64Codec, canonicalJson, fromBase64, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import type { CertificateRejection, CertificateRole, CertificateVerifier, HardwareIssuer } from '@hsmlab/ports'

/** What stands for a CSR: the cluster's P-256 key, uncompressed. */
const Csr = t.strict({ subject: t.string, publicKey: Base64Codec })

/** What stands for X.509: the customer's Ed25519 key signs the cluster's P-256 key for a time, in microseconds. */
const Certificate = t.strict({
  subject: t.string,
  publicKey: Base64Codec,
  notBeforeMicros: t.number,
  notAfterMicros: t.number,
  issuer: Base64Codec,
  signature: Base64Codec,
})
type Certificate = t.TypeOf<typeof Certificate>

/** The customer's CA: an Ed25519 key. */
const Anchor = t.strict({ subject: t.string, publicKey: Base64Codec })

const read = <A>(codec: t.Type<A, unknown>, text: string): A | undefined => {
  try {
    const decoded = codec.decode(JSON.parse(text))
    return E.isRight(decoded) ? decoded.right : undefined
  } catch {
    return undefined
  }
}

const statementOf = ({ signature: _signature, ...signed }: Certificate): Uint8Array => utf8Bytes(canonicalJson(signed))

const pointOf = (scalar: Uint8Array): Base64 => toBase64(p256.getPublicKey(scalar, false))

/** So many answers are remembered at a time. */
const REMEMBERED_MAX = 1000

/** The same question has the same answer: clients ask about one certificate at each of their connections. */
const remembered = <Answer>(compute: () => Answer, known: Map<string, Answer>, question: string): Answer => {
  const answer = known.get(question)
  if (answer !== undefined) return answer
  const computed = compute()
  if (known.size >= REMEMBERED_MAX) known.clear()
  known.set(question, computed)
  return computed
}

const malformed = (role: CertificateRole): E.Either<CertificateRejection, never> =>
  E.left({ _tag: 'CertificateMalformed', role })

const isIssuedBy = (certificate: Certificate, anchorKey: Base64): boolean =>
  certificate.issuer === anchorKey &&
  ed25519.verify(fromBase64(certificate.signature), statementOf(certificate), fromBase64(anchorKey))

const verifySignature = (certificateText: string, message: Uint8Array, signature: Uint8Array): boolean => {
  const certificate = read(Certificate, certificateText)
  if (certificate === undefined) return false
  try {
    return p256.verify(signature, message, fromBase64(certificate.publicKey), { format: 'der', lowS: false })
  } catch {
    return false
  }
}

/**
 * Certificates as signed text, for a simulation that has no X.509: the same questions, real signatures, seeded keys.
 * Times are microseconds since 1970.
 */
export const simulatedCertificates = (): CertificateVerifier => {
  const issued = new Map<string, boolean>()
  const signatures = new Map<string, boolean>()
  const chain: CertificateVerifier['verifyChain'] = (certificateText, anchorText, nowMicros) => {
    const certificate = read(Certificate, certificateText)
    const anchor = read(Anchor, anchorText)
    if (certificate === undefined) return malformed('SignedCert')
    if (anchor === undefined) return malformed('TrustAnchor')
    const { subject, notBeforeMicros, notAfterMicros } = certificate
    const compute = () => isIssuedBy(certificate, anchor.publicKey)
    if (!remembered(compute, issued, `${certificateText}\n${anchorText}`)) {
      return E.left({ _tag: 'CertificateNotIssuedByNext', subject })
    }
    if (nowMicros < notBeforeMicros) return E.left({ _tag: 'CertificateNotYetValid', subject, notBeforeMicros })
    if (nowMicros > notAfterMicros) return E.left({ _tag: 'CertificateExpired', subject, notAfterMicros })
    return E.right(undefined)
  }
  return {
    verifyChain: chain,
    verifyClusterCertificate: (signedCert, trustAnchor, clusterCsr, nowMicros) => {
      const certificate = read(Certificate, signedCert)
      const csr = read(Csr, clusterCsr)
      if (csr === undefined) return malformed('ClusterCsr')
      if (certificate !== undefined && certificate.publicKey !== csr.publicKey) {
        return E.left({ _tag: 'CertificateKeyMismatch' })
      }
      return chain(signedCert, trustAnchor, nowMicros)
    },
    verifySignature: (certificate, message, signature) => {
      const compute = () => verifySignature(certificate, message, signature)
      return remembered(compute, signatures, `${certificate}\n${toBase64(message)}\n${toBase64(signature)}`)
    },
    certifiesKey: (certificate, scalar) => {
      const publicKey = read(Certificate, certificate)?.publicKey
      return publicKey !== undefined && equalBytes(fromBase64(publicKey), fromBase64(pointOf(scalar)))
    },
  }
}

const HARDWARE_TEXT = 'a certificate that nobody in the simulation asks about'

/** The factory: writes the CSR for the first HSM's cluster key. Hardware certificates are not part of the simulation. */
export const simulatedHardware: HardwareIssuer = {
  roots: { aws: HARDWARE_TEXT, manufacturer: HARDWARE_TEXT },
  issueIdentity: ({ clusterKey, serialNumber }) => ({
    clusterCsr: canonicalJson({ subject: serialNumber, publicKey: pointOf(clusterKey) }),
    hsmCertificate: HARDWARE_TEXT,
    awsHardwareCertificate: HARDWARE_TEXT,
    manufacturerHardwareCertificate: HARDWARE_TEXT,
  }),
}

const DAY_MICROS = 86_400_000_000

/** The customer: a CA that certifies cluster keys. */
export interface SimulatedCa {
  /** What clients are given. */
  readonly trustAnchor: string
  /** `undefined` for what is no CSR. Valid from a day ago for ten years. */
  readonly sign: (clusterCsr: string, nowMicros: number) => string | undefined
}

export const simulatedCa = (random: Readonly<{ bytes: (count: number) => Uint8Array }>): SimulatedCa => {
  const privateKey = random.bytes(32)
  const publicKey = toBase64(ed25519.getPublicKey(privateKey))
  return {
    trustAnchor: canonicalJson({ subject: 'customer CA', publicKey }),
    sign: (clusterCsr, nowMicros) => {
      const csr = read(Csr, clusterCsr)
      if (csr === undefined) return undefined
      const today = Math.floor(nowMicros / DAY_MICROS) * DAY_MICROS
      const unsigned = {
        ...csr,
        notBeforeMicros: today - DAY_MICROS,
        notAfterMicros: today + 3652 * DAY_MICROS,
        issuer: publicKey,
      }
      const signature = toBase64(ed25519.sign(statementOf({ ...unsigned, signature: publicKey }), privateKey))
      return canonicalJson({ ...unsigned, signature })
    },
  }
}
