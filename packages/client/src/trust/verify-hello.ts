import * as E from 'fp-ts/lib/Either.js'
import type { Primitives } from '@hsmlab/crypto'
import { fromBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import type { CertificateVerifier } from '@hsmlab/ports'
import { HsmHello, type Membership, staticKeyStatement } from '@hsmlab/protocol'
import { readBytes } from '../json.ts'
import type { TrustFailure } from './trust-failure.ts'
import { verifyMembership } from './verify-membership.ts'

const X25519_KEY_SIZE = 32

export type Trust = Readonly<{
  engine: Primitives
  certificates: CertificateVerifier
  /** PEM of the customer's CA. */
  hsmCaCertificate: string
  /** Ed25519, raw. */
  controllerKey: Uint8Array
}>

/** Who is expected to answer, as far as that is known. */
export type Expected = Readonly<{ clusterId: string | undefined; hsmId: string | undefined }>

/** An HSM that has shown that it belongs to the customer's cluster. */
export type KnownHsm = Readonly<{ clusterId: string; hsmId: string; staticKey: Uint8Array; membership: Membership }>

/**
 * Believes an `HsmHello` when its certificate chains to the customer's CA, the certified key signed the HSM's static
 * key, and the controller signed the membership ("AWS CloudHSM client end-to-end encryption").
 */
export const verifyHello = (
  trust: Trust,
  expected: Expected,
  bytes: Uint8Array,
  nowMicros: number,
): E.Either<TrustFailure, KnownHsm> => {
  const hello = readBytes(HsmHello, bytes)
  if (hello === undefined) return E.left({ _tag: 'HelloMalformed' })
  const { clusterId, hsmId, clusterCertificate } = hello
  if (clusterId !== (expected.clusterId ?? clusterId) || hsmId !== (expected.hsmId ?? hsmId)) {
    return E.left({ _tag: 'HelloUnexpected' })
  }

  const chain = trust.certificates.verifyChain(clusterCertificate, trust.hsmCaCertificate, nowMicros)
  if (E.isLeft(chain)) return E.left({ _tag: 'CertificateRejected', rejection: chain.left })

  const statement = utf8Bytes(staticKeyStatement(clusterId, hsmId, hello.staticKey))
  const staticKey = fromBase64(hello.staticKey)
  const isSigned = trust.certificates.verifySignature(clusterCertificate, statement, fromBase64(hello.staticSignature))
  if (staticKey.length !== X25519_KEY_SIZE || !isSigned) return E.left({ _tag: 'StaticKeyForged' })

  const membership = verifyMembership(trust.engine, trust.controllerKey, hello.membership)
  if (E.isLeft(membership)) return membership
  if (membership.right.clusterId !== clusterId) return E.left({ _tag: 'MembershipForged' })
  return E.right({ clusterId, hsmId, staticKey, membership: membership.right })
}
