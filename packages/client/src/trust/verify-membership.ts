import * as E from 'fp-ts/lib/Either.js'
import type { Primitives } from '@hsmlab/crypto'
import { fromBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { Membership, type SignedMembership } from '@hsmlab/protocol'
import { readText } from '../json.ts'
import type { TrustFailure } from './trust-failure.ts'

/** More HSMs than a cluster can have (AWS CloudHSM quotas: 28) are a mistake of whoever signed. */
const MEMBERS_MAX = 64

/** The membership that the controller signed, or why it is none. The signature is checked before anything is read. */
export const verifyMembership = (
  { ed25519 }: Primitives,
  controllerKey: Uint8Array,
  { document, signature }: SignedMembership,
): E.Either<TrustFailure, Membership> => {
  if (!ed25519.verify(controllerKey, utf8Bytes(document), fromBase64(signature))) {
    return E.left({ _tag: 'MembershipForged' })
  }
  const membership = readText(Membership, document)
  if (membership === undefined || membership.members.length > MEMBERS_MAX) {
    return E.left({ _tag: 'MembershipMalformed' })
  }
  return E.right(membership)
}
