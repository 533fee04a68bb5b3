import { type AuditCursor, type AuditHead, emptyAuditHead, firstAuditCursor, type HsmId } from '@hsmlab/domain'
import { type Base64, canonicalJson } from '@hsmlab/event-sourcing'
import type { SignedAuditHead } from '@hsmlab/protocol/local'
import type { AuditSinkEvent } from './codec.ts'

/** How far the sink has followed one HSM. */
export type FollowedLog = Readonly<{
  hsmId: HsmId
  /** Records of the HSM's log that are taken in, and the chain's hash after them. */
  length: number
  hash: Base64 | undefined
  cursor: AuditCursor
  head: AuditHead
  /** The longest audit head that the HSM signed. */
  signed: SignedAuditHead | undefined
  forkedAt: number | undefined
}>

/** The map is private to the fold, which changes it in place. */
export type AuditSinkState = { readonly logs: Map<HsmId, FollowedLog> }

export const emptyAuditSink = (): AuditSinkState => ({ logs: new Map() })

export const followedLog = ({ logs }: AuditSinkState, hsmId: HsmId): FollowedLog =>
  logs.get(hsmId) ?? {
    hsmId,
    length: 0,
    hash: undefined,
    cursor: firstAuditCursor,
    head: emptyAuditHead(hsmId),
    signed: undefined,
    forkedAt: undefined,
  }

export const evolveAuditSink = (state: AuditSinkState, event: AuditSinkEvent): AuditSinkState => {
  switch (event.type) {
    case 'LogTaken': {
      const log = followedLog(state, event.hsmId)
      const last = event.audit.at(-1)
      const length = last === undefined ? log.head.length : last.record.sequence + 1
      state.logs.set(event.hsmId, {
        ...log,
        length: event.to,
        hash: event.hash,
        cursor: { hsmId: event.hsmId, sequence: length, rebootCounter: event.rebootCounter },
        head: { hsmId: event.hsmId, length, hash: last?.hash ?? log.head.hash },
      })
      return state
    }
    case 'AuditHeadSigned': {
      const { type: _type, ...signed } = event
      const log = followedLog(state, event.head.hsmId)
      if ((log.signed?.head.length ?? -1) < event.head.length) state.logs.set(event.head.hsmId, { ...log, signed })
      return state
    }
    case 'LogForked': {
      const log = followedLog(state, event.hsmId)
      state.logs.set(event.hsmId, { ...log, forkedAt: event.from })
      return state
    }
  }
}

export const canonicalAuditSinkState = ({ logs }: AuditSinkState): string =>
  canonicalJson([...logs.values()].sort((a, b) => (a.hsmId < b.hsmId ? -1 : 1)))
