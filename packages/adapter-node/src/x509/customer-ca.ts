import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { CertificationRequest } from '@peculiar/asn1-csr'
import { AsnConvert } from '@peculiar/asn1-schema'
import type { Name } from '@peculiar/asn1-x509'
import { publicKeyOfRequest } from './certificate.ts'
import type { Root } from './hardware-issuer.ts'
import { type DistinguishedName, issueCertificate } from './issue.ts'
import { pemBlocks } from './pem.ts'

const DAY_MICROS = 86_400 * 1_000_000
/** As long as AWS's own example has it: "Initialize the cluster in AWS CloudHSM". */
const VALID_DAYS = 3652

const CUSTOMER: DistinguishedName = [
  ['O', 'hsmlab'],
  ['CN', 'customer CA of the ready-made cluster'],
]

const validity = (nowMicros: number) => ({
  notBeforeMicros: nowMicros - DAY_MICROS,
  notAfterMicros: nowMicros + VALID_DAYS * DAY_MICROS,
})

/** A self-signed certification authority, as a customer would make one. */
export const createCustomerCa = (nowMicros: number): Root => {
  const key = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey
  const certificate = issueCertificate({
    subject: CUSTOMER,
    subjectKey: key,
    issuer: CUSTOMER,
    issuerKey: key,
    isCa: true,
    ...validity(nowMicros),
  })
  return { certificate, privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

const subjectOf = (der: Uint8Array): Name =>
  AsnConvert.parse(der, CertificationRequest).certificationRequestInfo.subject

/** Certifies the key and the name of a CSR, PEM in and out; `undefined` for what is no CSR. */
export const signClusterCsr = (ca: Root, clusterCsr: string, nowMicros: number): string | undefined => {
  const [request] = pemBlocks(clusterCsr, 'CERTIFICATE REQUEST')
  const subjectKey = request === undefined ? undefined : publicKeyOfRequest(request)
  if (request === undefined || subjectKey === undefined) return undefined
  return issueCertificate({
    subject: subjectOf(request),
    subjectKey,
    issuer: CUSTOMER,
    issuerKey: createPrivateKey(ca.privateKey),
    isCa: false,
    ...validity(nowMicros),
  })
}
