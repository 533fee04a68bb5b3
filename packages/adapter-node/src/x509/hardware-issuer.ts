import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { HardwareIssuer } from '@hsmlab/ports'
import { type DistinguishedName, issueCertificate, requestCertificate } from './issue.ts'

const YEAR_MICROS = 365 * 86_400 * 1_000_000
const DAY_MICROS = 86_400 * 1_000_000
const ROOT_YEARS = 30
const HARDWARE_YEARS = 20

/** The names say what they stand for, and that neither AWS nor the manufacturer has signed anything here. */
const AWS_ROOT: DistinguishedName = [
  ['C', 'US'],
  ['O', 'hsmlab'],
  ['OU', 'Simulated AWS CloudHSM'],
  ['CN', 'AWS_CloudHSM_Root-G1'],
]
const MANUFACTURER_ROOT: DistinguishedName = [
  ['C', 'US'],
  ['O', 'hsmlab'],
  ['OU', 'Simulated HSM manufacturer'],
  ['CN', 'LiquidSecurity 2 Root'],
]
const hardwareName = (serialNumber: string): DistinguishedName => [
  ['C', 'US'],
  ['O', 'hsmlab'],
  ['OU', 'Simulated HSM hardware'],
  ['CN', `HSM:${serialNumber}`],
]
/** "Initialize the cluster": the subject that AWS's own HSMs put into the CSR. */
const clusterName = (serialNumber: string, partition: number, mode: string): DistinguishedName => [
  ['C', 'US'],
  ['ST', 'CA'],
  ['O', 'Cavium'],
  ['OU', 'N3FIPS'],
  ['L', 'SanJose'],
  ['CN', `HSM:${serialNumber}:PARTN:${partition}, for ${mode === 'FIPS' ? 'FIPS' : 'non-FIPS'} mode`],
]

const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey

/** PEM: a self-signed root, and its private key (PKCS#8). */
export type Root = Readonly<{ certificate: string; privateKey: string }>
export type HardwareRoots = Readonly<{ aws: Root; manufacturer: Root }>

const createRoot = (name: DistinguishedName, nowMicros: number): Root => {
  const key = newKey()
  const certificate = issueCertificate({
    subject: name,
    subjectKey: key,
    issuer: name,
    issuerKey: key,
    isCa: true,
    notBeforeMicros: nowMicros - DAY_MICROS,
    notAfterMicros: nowMicros + ROOT_YEARS * YEAR_MICROS,
  })
  return { certificate, privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

/** The roots of one product instance: what AWS and the manufacturer publish. */
export const createHardwareRoots = (nowMicros: number): HardwareRoots => ({
  aws: createRoot(AWS_ROOT, nowMicros),
  manufacturer: createRoot(MANUFACTURER_ROOT, nowMicros),
})

/** The factory that works with these roots. */
export const hardwareIssuer = ({ aws, manufacturer }: HardwareRoots): HardwareIssuer => ({
  roots: { aws: aws.certificate, manufacturer: manufacturer.certificate },
  issueIdentity: ({ clusterKey, serialNumber, partition, mode, nowMicros }) => {
    const hardwareKey = newKey()
    const key = createPrivateKey({ key: Buffer.from(clusterKey), format: 'der', type: 'pkcs8' })
    const subject = clusterName(serialNumber, partition, mode)
    const issuer = hardwareName(serialNumber)
    const validity = {
      notBeforeMicros: nowMicros - DAY_MICROS,
      notAfterMicros: nowMicros + HARDWARE_YEARS * YEAR_MICROS,
    }
    // One subject and key for both hardware certificates: so the HSM's certificate chains to either root.
    const hardware = { subject: issuer, subjectKey: hardwareKey, isCa: true, ...validity }
    const signedBy = (root: Root, name: DistinguishedName): string =>
      issueCertificate({ ...hardware, issuer: name, issuerKey: createPrivateKey(root.privateKey) })
    return {
      clusterCsr: requestCertificate(subject, key),
      hsmCertificate: issueCertificate({
        subject,
        subjectKey: key,
        issuer,
        issuerKey: hardwareKey,
        isCa: false,
        ...validity,
      }),
      awsHardwareCertificate: signedBy(aws, AWS_ROOT),
      manufacturerHardwareCertificate: signedBy(manufacturer, MANUFACTURER_ROOT),
    }
  },
})
