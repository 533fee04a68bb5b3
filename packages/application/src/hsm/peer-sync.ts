import * as E from 'fp-ts/lib/Either.js'
import type { ClusterId, HsmId, KeyEntry } from '@hsmlab/domain'
import { subject } from '@hsmlab/ports'
import { equalBytes } from '@hsmlab/crypto'
import { utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'
import { answer, type Member, onReply, PEER_NONCE_SIZE, type PeerLink, startRound, subjects } from '@hsmlab/protocol'
import { dropCounter } from '../drops/drop-counter.ts'
import type { HsmEnv } from './hsm-env.ts'
import type { HsmLog } from './hsm-log.ts'
import { bySync, insertRecord } from './insert.ts'
import type { MaskingKey } from './masking-key.ts'
import { peerHeads } from './peer-heads.ts'

/** How long a peer has for one answer; one that is away does not answer at all. */
const ANSWER_MILLIS = 1000
/** A round of the largest HSM, after the peer's own questions. */
const HAND_OVER_MILLIS = 30_000
/** Questions in one round: far more than the largest HSM needs. */
const QUESTIONS_MAX = 1000
const NOT_CONFIRMED = new Uint8Array(0)

export type PeerSyncPart = Readonly<{
  clusterId: ClusterId
  hsmId: HsmId
  log: HsmLog
  maskingKey: () => MaskingKey | undefined
  /** The other members of the cluster, as the newest membership names them. */
  peers: () => ReadonlyArray<Member>
}>

/**
 * How a round ended: this HSM now holds all that the peer held; the peer did not answer at all; or it was not heard to
 * the end, answered nonsense, or told what this HSM could not write down.
 */
export type RoundResult = 'done' | 'unreachable' | 'failed'

export interface PeerSync {
  /** How far each peer's log had come when its keys were last compared with this HSM's. */
  readonly takenIn: () => Readonly<Record<string, number>>
  /**
   * Has every peer that answers compare its keys with this HSM's: true when each of them says that it holds them all,
   * and there was one. A peer that is away repairs itself from those.
   */
  readonly handOver: () => Promise<boolean>
  /** One round with every peer, all at once: true when each that can be reached was heard to the end. */
  readonly roundWithAll: () => Promise<boolean>
  readonly close: () => void
}

/**
 * Repairs what clients did not: compares this HSM's keys with one peer after the other, and takes in what is missing.
 * What it takes in this way does not stand in the audit log, and is not passed on as news.
 */
export const startPeerSync = (env: HsmEnv, part: PeerSyncPart): PeerSync => {
  const { bus, clock, logger, random } = env
  const { clusterId, hsmId, log } = part
  const takenIn = new Map<HsmId, number>()
  const heads = peerHeads(env, hsmId)
  const questionDrops = dropCounter(logger, 'a question of no peer was dropped', { hsmId })
  const answerDrops = dropCounter(logger, 'an answer of no peer was dropped', { hsmId })
  let closed = false
  let turn = 0

  const serveAnswer = async (request: Uint8Array): Promise<Uint8Array> => {
    const masking = part.maskingKey()
    if (masking === undefined) throw new Error('no masking key')
    const isPeer = (sender: HsmId): boolean => part.peers().some((peer) => peer.hsmId === sender)
    const replied = answer({ clusterId, hsmId, hmac: masking.peerHmac, isPeer }, log.keys, request)
    if (E.isLeft(replied)) {
      questionDrops.add({ why: replied.left._tag })
      throw new Error(replied.left._tag)
    }
    // What is told is on the disk: a peer must not learn of a key that this HSM could forget.
    if ((await log.settled()) === false) throw new Error('log stopped')
    return replied.right
  }

  const ask = async (peer: HsmId, message: Uint8Array): Promise<Uint8Array | undefined> => {
    const reply = await bus.request(subject(subjects.peer(peer)), message, ANSWER_MILLIS)()
    return E.isRight(reply) ? reply.right : undefined
  }

  /** False: what the peer has could not be written down. What is refused for itself holds nobody up. */
  const takeIn = async (peer: HsmId, entry: KeyEntry): Promise<boolean> => {
    const decision = insertRecord(part, entry, bySync('peer'))
    const committed = await log.commit(decision)
    if (E.isRight(committed)) return true
    logger.log('warn', 'a copy from a peer was not taken', { hsmId, peer, why: committed.left.message })
    return E.isLeft(decision.reply)
  }

  const roundWith = async (peer: HsmId): Promise<RoundResult> => {
    const masking = part.maskingKey()
    if (masking === undefined) return 'failed'
    const link: PeerLink = { clusterId, hsmId, peer, hmac: masking.peerHmac }
    let { round, request } = startRound(link, log.keys, random.bytes(PEER_NONCE_SIZE))
    for (let question = 0; question < QUESTIONS_MAX && !closed; question++) {
      const reply = await ask(peer, request)
      if (reply === undefined) return question === 0 ? 'unreachable' : 'failed'
      if (closed) return 'failed'
      const step = onReply(link, round, log.keys, reply, random.bytes(PEER_NONCE_SIZE))
      if (step.kind === 'dropped') {
        answerDrops.add({ peer, why: step.why._tag })
        return 'failed'
      }
      const taken = await Promise.all(step.entries.map((entry) => takeIn(peer, entry)))
      if (taken.includes(false)) return 'failed'
      if (step.kind === 'done') return 'done'
      round = step.round
      request = step.request
    }
    return 'failed'
  }

  /** Where the peer's log had come before the round is what the round has taken in. */
  const notedRoundWith = async (peer: Member): Promise<RoundResult> => {
    const head = await heads.ask(bus, peer)
    const result = await roundWith(peer.hsmId)
    if (result === 'done' && head !== undefined) takenIn.set(peer.hsmId, head.length)
    return result
  }

  type Rounds = { readonly now: Promise<RoundResult>; next: Promise<RoundResult> | undefined }
  const rounds = new Map<HsmId, Rounds>()

  const start = (peer: Member): Promise<RoundResult> => {
    const entry: Rounds = {
      now: notedRoundWith(peer).finally(() => {
        if (rounds.get(peer.hsmId) === entry) rounds.delete(peer.hsmId)
      }),
      next: undefined,
    }
    rounds.set(peer.hsmId, entry)
    return entry.now
  }

  /** A round that begins after it was asked for. Whoever asks while one is under way shares the one after it. */
  const freshRound = (peer: Member): Promise<RoundResult> => {
    const underWay = rounds.get(peer.hsmId)
    if (underWay === undefined) return start(peer)
    const again = (): Promise<RoundResult> => start(peer)
    return (underWay.next ??= underWay.now.then(again, again))
  }

  const confirmation = (masking: MaskingKey, nonce: Uint8Array, from: HsmId): Uint8Array =>
    masking.peerHmac(Uint8Array.of(...utf8Bytes(`hsmlab handed over 1\n${from}\n`), ...nonce))

  const handOverTo = async (peer: HsmId): Promise<boolean> => {
    const masking = part.maskingKey()
    if (masking === undefined) return false
    const nonce = random.bytes(PEER_NONCE_SIZE)
    const message = Uint8Array.of(...nonce, ...utf8Bytes(hsmId))
    const reply = await bus.request(subject(subjects.handOver(peer)), message, HAND_OVER_MILLIS)()
    return E.isRight(reply) && equalBytes(reply.right, confirmation(masking, nonce, peer))
  }

  const handOver = async (): Promise<boolean> => {
    const peers = part.peers()
    const answering = await Promise.all(peers.map((peer) => heads.isAnswering(bus, peer)))
    const reached = peers.filter((_, i) => answering[i] === true)
    const confirmed = await Promise.all(reached.map((peer) => handOverTo(peer.hsmId)))
    return confirmed.length > 0 && confirmed.every((done) => done)
  }
  let handingOver: Promise<boolean> | undefined

  /** A peer wants to leave. Anybody may say so: all that it brings about is a round. */
  const serveHandOver = async (message: Uint8Array): Promise<Uint8Array> => {
    const masking = part.maskingKey()
    const nonce = message.slice(0, PEER_NONCE_SIZE)
    const name = utf8Text(message.subarray(PEER_NONCE_SIZE))
    const peer = part.peers().find((each) => each.hsmId === name)
    if (masking === undefined || peer === undefined || (await freshRound(peer)) !== 'done') return NOT_CONFIRMED
    return confirmation(masking, nonce, hsmId)
  }

  const roundWithAll = async (): Promise<boolean> => {
    const results = await Promise.all(part.peers().map(freshRound))
    return results.every((result) => result !== 'failed')
  }

  const periodic = async (): Promise<void> => {
    const peers = part.peers()
    const peer = peers[turn++ % Math.max(peers.length, 1)]
    try {
      if (peer !== undefined) await freshRound(peer)
    } catch (cause) {
      logger.log('error', 'a round with a peer failed unexpectedly', { hsmId, cause: String(cause) })
    }
    if (!closed) cancel = clock.after(env.settings.syncPeriodMillis, () => void periodic())
  }

  const endServing = bus.serve(subject(subjects.peer(hsmId)), serveAnswer)
  const endHandOvers = bus.serve(subject(subjects.handOver(hsmId)), serveHandOver)
  let cancel = clock.after(env.settings.syncPeriodMillis, () => void periodic())
  return {
    roundWithAll,
    takenIn: () =>
      Object.fromEntries(
        part.peers().flatMap(({ hsmId: peer }) => {
          const position = takenIn.get(peer)
          return position === undefined ? [] : [[peer, position]]
        }),
      ),
    handOver: () => {
      handingOver ??= handOver().finally(() => {
        handingOver = undefined
      })
      return handingOver
    },
    close: () => {
      closed = true
      cancel()
      endServing()
      endHandOvers()
    },
  }
}
