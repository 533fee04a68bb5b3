import type { Tagged } from '@hsmlab/event-sourcing'
import type { CertificateRejection } from '@hsmlab/ports'

/** Why what somebody said about the cluster is not believed. */
export type TrustFailure =
  | Tagged<'HelloMalformed'>
  /** It speaks for another HSM or another cluster than the one that was asked. */
  | Tagged<'HelloUnexpected'>
  | Tagged<'CertificateRejected', { rejection: CertificateRejection }>
  /** The static key is not signed by the key of the cluster certificate. */
  | Tagged<'StaticKeyForged'>
  | Tagged<'MembershipMalformed'>
  /** Not signed by the controller, or for another cluster. */
  | Tagged<'MembershipForged'>

/** For a log line: names, no content. */
export const trustFailureText = (why: TrustFailure): string =>
  why._tag === 'CertificateRejected' ? `${why._tag}: ${why.rejection._tag}` : why._tag
