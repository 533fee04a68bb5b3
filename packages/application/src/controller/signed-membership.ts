import type { Ed25519KeyPair, Primitives } from '@hsmlab/crypto'
import { canonicalJson, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import type { Cluster } from '@hsmlab/domain'
import { Membership, type SignedMembership } from '@hsmlab/protocol'

const documentOf = ({ clusterId, membership, mode, hsmType, hsms }: Cluster): string => {
  const members = membership.members.flatMap((hsmId) => {
    const hsm = hsms[hsmId]
    if (hsm?.identityKey === undefined) return []
    const { availabilityZone, eniIp } = hsm.place
    return [{ hsmId, availabilityZone, eniIp, lane: hsm.lane, identityKey: hsm.identityKey }]
  })
  return canonicalJson(Membership.encode({ clusterId, version: membership.version, mode, hsmType, members }))
}

/** The membership of a cluster as it is now. Ed25519 is deterministic: the same state gives the same signature. */
export const signedMembership = (
  { ed25519 }: Pick<Primitives, 'ed25519'>,
  { privateKey }: Ed25519KeyPair,
  cluster: Cluster,
): SignedMembership => {
  const document = documentOf(cluster)
  return { document, signature: toBase64(ed25519.sign(privateKey, utf8Bytes(document))) }
}
