import type { ControllerRefusal } from '@hsmlab/application'
import { civilDate, type HsmReference, type Subnet } from '@hsmlab/domain'
import { type AwsError, awsError } from './aws-error.ts'

const invalid = (message: string): AwsError => awsError('CloudHsmInvalidRequestException', message)

const INTERNAL = 'The service could not record the request. Whether it took effect is not known; describe the cluster.'

const known = (subnets: ReadonlyArray<Subnet>): string =>
  subnets.length === 0
    ? 'There are no subnets in this Region.'
    : `Subnets of this Region: ${subnets.map((s) => `${s.subnetId} (${s.availabilityZone})`).join(', ')}.`

const named = ({ by, value }: HsmReference): string => {
  if (by === 'HsmId') return value
  return by === 'EniId' ? `with network interface ${value}` : `with IP address ${value}`
}

const MICROS_PER_DAY = 86_400_000_000

/** ISO 8601. */
const date = (micros: number): string => {
  const { year, month, dayOfMonth } = civilDate(Math.floor(micros / MICROS_PER_DAY))
  return `${year}-${String(month).padStart(2, '0')}-${String(dayOfMonth).padStart(2, '0')}`
}

/**
 * What the service answers when the controller says no. One text is AWS's own (a second CreateHsm before activation);
 * AWS publishes no others, so the rest are ours, under the exception types of the API Reference.
 */
export const describeRefusal = (refusal: ControllerRefusal): AwsError => {
  switch (refusal._tag) {
    case 'ControllerUnavailable':
      return awsError('CloudHsmInternalFailureException', INTERNAL)
    case 'IdTaken':
    case 'LaneTaken':
      return awsError('CloudHsmInternalFailureException', 'The service could not draw an unused identifier. Try again.')

    case 'ClusterNotFound':
      return awsError('CloudHsmResourceNotFoundException', `Cluster ${refusal.clusterId} was not found.`)
    case 'HsmNotFound': {
      const { which, clusterId } = refusal
      return awsError('CloudHsmResourceNotFoundException', `HSM ${named(which)} was not found in cluster ${clusterId}.`)
    }

    case 'ClusterLimitExceeded':
      return invalid(`The limit of ${refusal.limit} clusters in this Region and account is reached.`)
    case 'HsmLimitExceeded':
      return invalid(`The limit of ${refusal.limit} HSMs in this Region and account is reached.`)
    case 'ClusterHsmLimitExceeded':
      return invalid(`The limit of ${refusal.limit} HSMs in cluster ${refusal.clusterId} is reached.`)

    case 'HsmTypeUnknown':
      return invalid(`The HSM type ${refusal.hsmType} does not exist. HSM types: ${refusal.known.join(', ')}.`)
    case 'HsmTypeRetired':
      return invalid(`New clusters of HSM type ${refusal.hsmType} can no longer be created.`)
    case 'ModeRequired':
      return invalid(`Mode is required for HSM type ${refusal.hsmType}: FIPS or NON_FIPS.`)
    case 'ModeUnsupported':
      return invalid(`HSM type ${refusal.hsmType} does not support mode ${refusal.mode}.`)
    case 'NetworkTypeUnsupported':
      return invalid(`HSM type ${refusal.hsmType} does not support network type ${refusal.networkType}.`)
    case 'SubnetNotFound':
      return invalid(`The subnet ${refusal.subnetId} does not exist. ${known(refusal.known)}`)
    case 'SubnetsShareZone':
      return invalid(
        `A cluster can have one subnet in an Availability Zone; ${refusal.availabilityZone} is named twice.`,
      )

    case 'ClusterNotActivated':
      return invalid(`Cluster '${refusal.clusterId}' already contains an HSM but has not yet been fully activated`)
    case 'ClusterStateForbids':
      return invalid(
        `Cluster ${refusal.clusterId} is in state ${refusal.state}, in which ${refusal.operation} is not possible.`,
      )
    case 'ZoneNotInCluster':
      return invalid(`Cluster ${refusal.clusterId} has no subnet in Availability Zone ${refusal.availabilityZone}.`)
    case 'AddressOutsideSubnet':
      return invalid(
        `The IP address ${refusal.ipAddress} is not one that subnet ${refusal.subnetId} (${refusal.cidr}) can give.`,
      )
    case 'AddressInUse':
      return invalid(`The IP address ${refusal.ipAddress} is in use in subnet ${refusal.subnetId}.`)
    case 'SubnetFull':
      return invalid(`There are no free IP addresses in subnet ${refusal.subnetId}.`)
    case 'BackupMissing':
      return invalid(`Cluster ${refusal.clusterId} has no HSM and no backup from which a new HSM could be restored.`)
    case 'ClusterHasNoHsm':
      return invalid(`Cluster ${refusal.clusterId} has no active HSM. Create one before you initialize the cluster.`)
    case 'ClusterHasHsms':
      return invalid(`Cluster ${refusal.clusterId} contains ${refusal.count} HSM(s). Delete them before the cluster.`)
    case 'HsmStateForbids':
      return invalid(`HSM ${refusal.hsmId} is in state ${refusal.state}.`)

    case 'CertificateMalformed':
      return invalid(`${refusal.role} is not a PEM encoded X.509 certificate.`)
    case 'CertificateTooLarge':
      return invalid(`${refusal.role} is larger than ${refusal.limit} bytes.`)
    case 'CertificateCount':
      return invalid(`${refusal.role} contains ${refusal.count} certificates; at most ${refusal.limit} are allowed.`)
    case 'CertificateKeyMismatch':
      return invalid('SignedCert was not issued for the cluster CSR: its public key is another.')
    case 'CertificateNotIssuedByNext':
      return invalid(`The certificate "${refusal.subject}" was not issued by the next certificate of TrustAnchor.`)
    case 'TrustAnchorNotSelfSigned':
      return invalid(`TrustAnchor must end with a self-signed certificate; "${refusal.subject}" is not.`)
    case 'IntermediateSelfSigned':
      return invalid(`Only the last certificate of TrustAnchor can be self-signed; "${refusal.subject}" is too.`)
    case 'CertificateExpired':
      return invalid(`The certificate "${refusal.subject}" expired on ${date(refusal.notAfterMicros)}.`)
    case 'CertificateNotYetValid':
      return invalid(`The certificate "${refusal.subject}" is not valid before ${date(refusal.notBeforeMicros)}.`)
    case 'CertificateKeyUnsupported':
      return invalid(
        `The key of "${refusal.subject}" (${refusal.key}) is not supported. Supported: RSA 2048, 3072, 4096; ECDSA prime256v1, secp384r1, secp521r1.`,
      )
    case 'CertificateSignatureUnsupported':
      return invalid(
        `The signature algorithm of "${refusal.subject}" (${refusal.algorithm}) is not supported. Supported: RSA PKCS#1 v1.5, RSA-PSS and ECDSA with SHA-224, SHA-256, SHA-384 or SHA-512.`,
      )
    case 'BasicConstraintsMissing':
      return invalid(`The certificate "${refusal.subject}" has extensions, but not Basic Constraints.`)
    case 'NotACertificationAuthority':
      return invalid(`The certificate "${refusal.subject}" is not that of a certification authority.`)
    case 'PathTooLong':
      return invalid(`The path length constraint of "${refusal.subject}" does not allow this chain.`)
    case 'ExtensionConflict':
      return invalid(`The extension ${refusal.extension} of "${refusal.subject}" does not allow its use here.`)
  }
}
