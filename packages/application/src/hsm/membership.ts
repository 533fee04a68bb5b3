import * as E from 'fp-ts/lib/Either.js'
import type { HsmIdentity, HsmState } from '@hsmlab/domain'
import { canonicalJson, utf8Bytes } from '@hsmlab/event-sourcing'
import { HsmHello, Membership } from '@hsmlab/protocol'

/** `undefined`: the text is no membership. */
export const readMembership = (document: string): Membership | undefined => {
  try {
    const decoded = Membership.decode(JSON.parse(document))
    return E.isRight(decoded) ? decoded.right : undefined
  } catch {
    return undefined
  }
}

/** What a proxy needs to trust this HSM; `undefined` as long as something of it is missing. */
export const helloOf = (
  { clusterId, hsmId, staticKey }: HsmIdentity,
  { clusterCertificate, staticSignature, membership }: HsmState,
): Uint8Array | undefined => {
  if (clusterCertificate === undefined || staticSignature === undefined || membership === undefined) return undefined
  const { document, signature } = membership
  const told = { clusterId, hsmId, clusterCertificate, staticKey, staticSignature, membership: { document, signature } }
  return utf8Bytes(canonicalJson(HsmHello.encode(told)))
}
