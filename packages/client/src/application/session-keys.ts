import type { KeyView } from '@hsmlab/protocol'
import { askJson } from '../link/ask.ts'
import type { ApplicationState, Seat } from '../state.ts'
import { hasSession } from './seats.ts'
import { isSilent, settleNear } from './settle-near.ts'

/** What does not say that it is a session key is none: admins see labels only. */
export const isTokenKey = ({ attributes }: KeyView): boolean => attributes.CKA_TOKEN !== false

export const abandonSessionKeys = ({ sessionKeys, tagHomes }: ApplicationState): void => {
  sessionKeys.clear()
  tagHomes.clear()
}

/** Ends a PKCS#11 session on every HSM that made a session key for it. */
export const endTag = async (application: ApplicationState, tag: number): Promise<void> => {
  const { cluster, sessionKeys } = application
  const homes = new Set<Seat>()
  for (const [handle, key] of sessionKeys) {
    if (key.tag !== tag) continue
    sessionKeys.delete(handle)
    if (key.incarnation === key.seat.incarnation && hasSession(key.seat)) homes.add(key.seat)
  }
  application.tagHomes.delete(tag)
  const tasks = [...homes].map((seat) => {
    const options = { session: seat.session, patience: Infinity, within: Infinity }
    return { seat, ended: askJson(cluster, seat.link, 'endTag', { tag }, options) }
  })
  await settleNear(cluster, tasks, isSilent)
}
