import * as t from 'io-ts'
import { Base64Codec } from '@hsmlab/event-sourcing'
import { ClusterIdCodec, HsmIdCodec } from '@hsmlab/domain'

/** Canonical JSON of a `Membership`, and the controller's Ed25519 signature over its UTF-8 bytes. */
export const SignedMembership = t.strict({ document: t.string, signature: Base64Codec })
export type SignedMembership = t.TypeOf<typeof SignedMembership>

/** What `subjects.memberships` answers: one membership per cluster, as canonical JSON. */
export const ClusterMemberships = t.strict({ memberships: t.readonlyArray(SignedMembership) })
export type ClusterMemberships = t.TypeOf<typeof ClusterMemberships>

/**
 * What an HSM tells anybody, unauthenticated: the receiver checks it. `clusterCertificate` must chain to the
 * customer's CA; `staticSignature` is the cluster key's signature (SHA-256, RSA PKCS#1 v1.5 or ECDSA DER by its type) over
 * `staticKeyStatement`; `membership` is signed by the controller.
 */
export const HsmHello = t.strict({
  clusterId: ClusterIdCodec,
  hsmId: HsmIdCodec,
  clusterCertificate: t.string,
  staticKey: Base64Codec,
  staticSignature: Base64Codec,
  membership: SignedMembership,
})
export type HsmHello = t.TypeOf<typeof HsmHello>

/** The text that the cluster key signs: this X25519 key belongs to this HSM of this cluster. */
export const staticKeyStatement = (clusterId: string, hsmId: string, staticKey: string): string =>
  `hsmlab static key 1\n${clusterId}\n${hsmId}\n${staticKey}\n`

/** The Noise prologue: binds a channel to the protocol's version, the cluster and the HSM. */
export const channelPrologue = (clusterId: string, hsmId: string): string =>
  `hsmlab channel 1\n${clusterId}\n${hsmId}\n`

/**
 * Handshake request: `proxyId` (16 bytes, chosen by the proxy) and Noise message 1. Reply: channel number (8 bytes) and
 * Noise message 2. `proxyId` is also the name under which the proxy listens for the HSM's frames.
 */
export const PROXY_ID_SIZE = 16
export const CHANNEL_ID_SIZE = 8
