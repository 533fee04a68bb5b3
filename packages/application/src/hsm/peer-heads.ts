import * as E from 'fp-ts/lib/Either.js'
import { equalBytes } from '@hsmlab/crypto'
import type { HsmId } from '@hsmlab/domain'
import { fromBase64 } from '@hsmlab/event-sourcing'
import { type Bus, subject } from '@hsmlab/ports'
import {
  decodeLogRun,
  encodeLogRequest,
  LOG_NONCE_SIZE,
  logAnswerStatement,
  type LogHead,
  type Member,
  subjects,
} from '@hsmlab/protocol'
import type { HsmEnv } from './hsm-env.ts'

const ANSWER_MILLIS = 1000
/** No records are asked for: the answer is the head alone. */
const FROM_THE_END = Number.MAX_SAFE_INTEGER

type Needs = Pick<HsmEnv, 'engine' | 'logger' | 'random'>

/** What an HSM knows of how far its peers' logs have come: signed by them, and never less than it was. */
export interface PeerHeads {
  /** Where the peer's log has come, by its own signature; `undefined`: it does not say. */
  readonly ask: (bus: Bus, peer: Member) => Promise<LogHead | undefined>
  readonly isAnswering: (bus: Bus, peer: Member) => Promise<boolean>
}

export const peerHeads = ({ engine, logger, random }: Needs, hsmId: HsmId): PeerHeads => {
  const highest = new Map<HsmId, LogHead>()

  const isSigned = ({ length, hash, signature }: LogHead, peer: Member, nonce: Uint8Array): boolean =>
    engine.ed25519.verify(fromBase64(peer.identityKey), logAnswerStatement(peer.hsmId, nonce, length, hash), signature)

  /** A log only grows: one that is shorter, or other, than the HSM signed before went back in time. */
  const note = (head: LogHead, peer: HsmId): void => {
    const before = highest.get(peer)
    const isOther = before !== undefined && before.length === head.length && !equalBytes(before.hash, head.hash)
    if (before !== undefined && (head.length < before.length || isOther)) {
      const lengths = { was: before.length, is: head.length }
      logger.log('error', 'a peer shows another history than it signed before', { hsmId, peer, ...lengths })
    } else highest.set(peer, head)
  }

  const request = (bus: Bus, { hsmId: peer }: Member, nonce: Uint8Array) =>
    bus.request(subject(subjects.logRecords(peer)), encodeLogRequest({ from: FROM_THE_END, nonce }), ANSWER_MILLIS)()

  return {
    ask: async (bus, peer) => {
      const nonce = random.bytes(LOG_NONCE_SIZE)
      const reply = await request(bus, peer, nonce)
      const head = E.isRight(reply) ? decodeLogRun(reply.right)?.head : undefined
      if (head === undefined || !isSigned(head, peer, nonce)) return undefined
      const own = { ...head, hash: head.hash.slice(), signature: head.signature.slice() }
      note(own, peer.hsmId)
      return own
    },
    isAnswering: async (bus, peer) => E.isRight(await request(bus, peer, random.bytes(LOG_NONCE_SIZE))),
  }
}
