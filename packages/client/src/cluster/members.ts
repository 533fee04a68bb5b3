import * as E from 'fp-ts/lib/Either.js'
import type { Member, Membership } from '@hsmlab/protocol'
import { ABSENT_MILLIS } from '../limits.ts'
import { askJson } from '../link/ask.ts'
import { connectLink } from '../link/connect-link.ts'
import { closeLink, type LinkEvents, makeLink } from '../link/link.ts'
import type { Cluster, Link } from '../state.ts'
import { trustFailureText } from '../trust/trust-failure.ts'
import { verifyMembership } from '../trust/verify-membership.ts'
import { stir } from './stir.ts'

/** What happens to the applications when HSMs come and go. */
export interface MemberEvents extends LinkEvents {
  readonly joined: (link: Link) => void
  readonly left: (link: Link) => void
}

export const startConnecting = (cluster: Cluster, link: Link, events: MemberEvents): void => {
  void connectLink(cluster, link, events, (membership) => takeMembership(cluster, membership, events)).then(() =>
    stir(cluster),
  )
}

/**
 * Follows the controller's document: connects to who is new, leaves who is gone. Versions only grow, so an old document
 * that is played again changes nothing. The caller has verified it.
 */
export const takeMembership = (cluster: Cluster, membership: Membership, events: MemberEvents): void => {
  if (cluster.closed) return
  if (membership.clusterId !== (cluster.clusterId ?? membership.clusterId)) return
  if (membership.version <= (cluster.membership?.version ?? -1)) return
  const before = new Map(cluster.links.map((link) => [link.member.hsmId, link]))
  const joined: Link[] = []
  const linkTo = (member: Member): Link => {
    const known = before.get(member.hsmId)
    if (known !== undefined) return known
    const link = makeLink(cluster, member, events)
    before.set(member.hsmId, link)
    joined.push(link)
    return link
  }
  const links = membership.members.map(linkTo)
  const left = cluster.links.filter((link) => !links.includes(link))
  cluster.clusterId = membership.clusterId
  cluster.membership = membership
  cluster.links = [...new Set(links)]
  cluster.env.logger.log('info', 'membership learned', {
    clusterId: membership.clusterId,
    version: membership.version,
    members: cluster.links.length,
  })
  for (const link of left) {
    closeLink(link, events)
    events.left(link)
  }
  for (const link of joined) {
    events.joined(link)
    startConnecting(cluster, link, events)
  }
  stir(cluster)
}

/** An HSM has said that there is a newer membership. */
export const askMembership = async (cluster: Cluster, link: Link, events: MemberEvents): Promise<void> => {
  if (link.asksMembership) return
  link.asksMembership = true
  const answer = await askJson(cluster, link, 'membership', {}, { session: 0, patience: ABSENT_MILLIS })
  link.asksMembership = false
  if (E.isLeft(answer)) return
  const { env, settings } = cluster
  const membership = verifyMembership(env.engine, settings.controllerKey, answer.right)
  if (E.isRight(membership)) return takeMembership(cluster, membership.right, events)
  env.logger.log('warn', 'membership refused', { hsmId: link.member.hsmId, why: trustFailureText(membership.left) })
}
