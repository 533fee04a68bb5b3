import * as E from 'fp-ts/lib/Either.js'
import { auditHeadStatement, type ChainedAuditRecord, type ClusterId, type HsmId } from '@hsmlab/domain'
import { fromBase64, parseJson, parseJsonBytes, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import {
  type HasBus,
  type HasClock,
  type HasCryptoEngine,
  type HasLogger,
  type HasRandom,
  subject,
  type Unsubscribe,
} from '@hsmlab/ports'
import {
  ClusterMemberships,
  decodeLogRun,
  encodeLogRequest,
  LOG_NONCE_SIZE,
  type LogRun,
  Membership,
  type SignedMembership,
  subjects,
} from '@hsmlab/protocol'
import { SignedAuditHead } from '@hsmlab/protocol/local'
import type { EventStore } from '../event-store/event-store.ts'
import type { ReadFailure } from '../event-store/failure.ts'
import { payloadOf } from '../event-store/record.ts'
import { dropCounter } from '../drops/drop-counter.ts'
import { type AuditSinkEvent, decodeAuditSinkEvent, encodeAuditSinkEvent } from './codec.ts'
import { type AuditSinkState, emptyAuditSink, evolveAuditSink, followedLog } from './state.ts'
import { takeRun } from './take-run.ts'

/** The owner of the audit sink's log. */
export const AUDIT_LOG_IDENTITY = 'audit-sink'

export type AuditSinkPart = Readonly<{
  store: EventStore
  /** Ed25519, raw: who signs memberships. */
  controllerKey: Uint8Array
  /** How often the sink looks for new HSMs, gaps and signed heads, in milliseconds. */
  periodMillis: number
}>

export interface AuditSink {
  readonly state: AuditSinkState
  /** Records of one HSM or all, in the order in which they came, from sequence number `from` on. */
  readonly read: (
    hsmId: HsmId | undefined,
    from: number,
    visit: (records: ReadonlyArray<ChainedAuditRecord>) => void,
  ) => Promise<E.Either<ReadFailure, void>>
  readonly onRecords: (listener: (records: ReadonlyArray<ChainedAuditRecord>) => void) => Unsubscribe
  /** The longest heads that HSMs signed. */
  readonly signedHeads: () => ReadonlyArray<SignedAuditHead>
  /** Runs that were dropped: forged, or of an HSM that no membership names. */
  readonly dropped: () => number
  readonly close: () => Promise<void>
}

type Source = Readonly<{ clusterId: ClusterId; identityKey: Uint8Array }>
type Following = { source: Source; end: Unsubscribe; busy: Promise<void> }

const REQUEST_MILLIS = 1000
/** Runs that one look at an HSM may take: the rest at the next look. */
const RUNS_MAX = 1000

const fold = async (store: EventStore): Promise<E.Either<ReadFailure, AuditSinkState>> => {
  const state = emptyAuditSink()
  const read = await store.read(0, store.durableHead().revision, (_position, record) => {
    const event = decodeAuditSinkEvent(payloadOf(record))
    if (E.isRight(event)) evolveAuditSink(state, event.right)
    return E.isRight(event)
  })()
  return E.isLeft(read) ? read : E.right(state)
}

/**
 * Follows the published logs of all HSMs and keeps their audit records, chained per HSM, on a log of its own. A gap is
 * noticed by position and asked for at the HSM; a history that differs from the one it had signed before is recorded.
 */
export const startAuditSink = async (
  env: HasBus & HasClock & HasCryptoEngine & HasLogger & HasRandom,
  part: AuditSinkPart,
): Promise<E.Either<ReadFailure, AuditSink>> => {
  const { bus, clock, engine, logger, random } = env
  const folded = await fold(part.store)
  if (E.isLeft(folded)) return folded
  const state = folded.right
  const following = new Map<HsmId, Following>()
  const listeners = new Set<(records: ReadonlyArray<ChainedAuditRecord>) => void>()
  const drops = dropCounter(logger, 'a log run or head was dropped: no HSM signed it', {})
  let closed = false

  const append = async (events: ReadonlyArray<AuditSinkEvent>): Promise<boolean> => {
    const appended = part.store.append(part.store.speculativeHead().revision, events.map(encodeAuditSinkEvent))
    if (E.isLeft(appended)) return false
    for (const event of events) evolveAuditSink(state, event)
    if (E.isLeft(await appended.right.durable())) return false
    const records = events.flatMap((event) => (event.type === 'LogTaken' ? event.audit : []))
    if (records.length > 0) for (const listener of listeners) listener(records)
    return true
  }

  /** Takes a run in; tells whether to go on asking the HSM. */
  const take = async (
    hsmId: HsmId,
    source: Source,
    run: LogRun,
    nonce?: Uint8Array,
  ): Promise<'taken' | 'nothing' | 'ahead'> => {
    const taken = takeRun(engine, followedLog(state, hsmId), source, run, nonce)
    if (E.isRight(taken)) {
      if (taken.right.length === 0) return 'nothing'
      return (await append(taken.right)) ? 'taken' : 'nothing'
    }
    if (taken.left._tag === 'RunAhead') return 'ahead'
    if (taken.left._tag === 'RunForged') drops.add({ hsmId })
    if (taken.left._tag === 'RunForked' && followedLog(state, hsmId).forkedAt === undefined) {
      logger.log('error', 'an HSM shows another history than it did before', { hsmId, from: taken.left.from })
      await append([{ type: 'LogForked', hsmId, from: taken.left.from, length: taken.left.length }])
    }
    return 'nothing'
  }

  /** What the HSM has behind the sink's end, and the nonce of the question that it answers. */
  const ask = async (hsmId: HsmId): Promise<(LogRun & Readonly<{ nonce: Uint8Array }>) | undefined> => {
    const nonce = random.bytes(LOG_NONCE_SIZE)
    const question = encodeLogRequest({ from: followedLog(state, hsmId).length, nonce })
    const reply = await bus.request(subject(subjects.logRecords(hsmId)), question, REQUEST_MILLIS)()
    const run = E.isRight(reply) ? decodeLogRun(reply.right) : undefined
    return run === undefined ? undefined : { ...run, nonce }
  }

  const catchUp = async (hsmId: HsmId, source: Source): Promise<void> => {
    for (let runs = 0; runs < RUNS_MAX && !closed; runs++) {
      const run = await ask(hsmId)
      if (run === undefined || (await take(hsmId, source, run, run.nonce)) !== 'taken') return
    }
  }

  const noteHead = async (hsmId: HsmId, { identityKey }: Source): Promise<void> => {
    const log = followedLog(state, hsmId)
    if (log.signed?.head.length === log.head.length) return
    const reply = await bus.request(subject(subjects.auditHead(hsmId)), new Uint8Array(0), REQUEST_MILLIS)()
    const signed = SignedAuditHead.decode(E.isRight(reply) ? parseJsonBytes(reply.right) : undefined)
    if (E.isLeft(signed) || signed.right.head.hsmId !== hsmId || closed) return
    const statement = utf8Bytes(auditHeadStatement(signed.right.head))
    // Whose key it is said to be is not signed, and is kept.
    const isHsms = signed.right.identityKey === toBase64(identityKey)
    if (!isHsms || !engine.ed25519.verify(identityKey, statement, fromBase64(signed.right.signature))) {
      return drops.add({ hsmId })
    }
    if ((log.signed?.head.length ?? -1) < signed.right.head.length) {
      await append([{ type: 'AuditHeadSigned', ...signed.right }])
    }
  }

  /** One thing at a time per HSM, in order. */
  const inTurn = (each: Following, work: () => Promise<void>): Promise<void> => {
    each.busy = each.busy.then(work).catch((cause: unknown) => {
      logger.log('error', 'the audit sink could not follow an HSM', { cause: String(cause) })
    })
    return each.busy
  }

  const follow = (hsmId: HsmId, source: Source): void => {
    if (following.has(hsmId)) return
    const each: Following = { source, end: () => undefined, busy: Promise.resolve() }
    following.set(hsmId, each)
    const stream = subject(subjects.log(source.clusterId, hsmId))
    each.end = bus.follow(stream, followedLog(state, hsmId).length, ({ message }) =>
      inTurn(each, async () => {
        const run = decodeLogRun(message)
        if (closed || run === undefined) return
        if ((await take(hsmId, source, run)) === 'ahead') await catchUp(hsmId, source)
      }),
    )
  }

  const isControllers = ({ document, signature }: SignedMembership): boolean =>
    engine.ed25519.verify(part.controllerKey, utf8Bytes(document), fromBase64(signature))

  const learnMembers = async (): Promise<void> => {
    const reply = await bus.request(subject(subjects.memberships), new Uint8Array(0), REQUEST_MILLIS)()
    const memberships = ClusterMemberships.decode(E.isRight(reply) ? parseJsonBytes(reply.right) : undefined)
    if (E.isLeft(memberships)) return
    for (const signed of memberships.right.memberships.filter(isControllers)) {
      const membership = Membership.decode(parseJson(signed.document))
      if (E.isLeft(membership)) continue
      const { clusterId, members } = membership.right
      for (const { hsmId, identityKey } of members) follow(hsmId, { clusterId, identityKey: fromBase64(identityKey) })
    }
  }

  const look = async (): Promise<void> => {
    await learnMembers()
    const looks = [...following].map(([hsmId, each]) =>
      inTurn(each, async () => {
        if (closed) return
        await catchUp(hsmId, each.source)
        await noteHead(hsmId, each.source)
      }),
    )
    await Promise.all(looks)
    if (!closed) cancel = clock.after(part.periodMillis, () => void look())
  }

  let cancel = clock.after(0, () => void look())

  return E.right({
    state,
    read: (hsmId, from, visit) =>
      part.store.read(0, part.store.durableHead().revision, (_position, record) => {
        const event = decodeAuditSinkEvent(payloadOf(record))
        if (E.isLeft(event)) return false
        if (event.right.type !== 'LogTaken' || (hsmId !== undefined && event.right.hsmId !== hsmId)) return true
        const records = event.right.audit.filter((each) => each.record.sequence >= from)
        if (records.length > 0) visit(records)
        return true
      })(),
    onRecords: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    signedHeads: () => [...state.logs.values()].flatMap(({ signed }) => signed ?? []),
    dropped: drops.count,
    close: async () => {
      closed = true
      cancel()
      for (const each of following.values()) each.end()
      await Promise.all([...following.values()].map((each) => each.busy))
      await part.store.close()()
    },
  })
}
