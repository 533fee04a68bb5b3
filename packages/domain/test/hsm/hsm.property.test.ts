import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import {
  auditOf,
  blankHsm,
  canonicalHsmState,
  decideCreateUser,
  decideDeleteUser,
  decideDestroyKey,
  decideGenerateKey,
  decideLogin,
  evolveHsm,
  firstAuditCursor,
  type HsmEvent,
  type HsmState,
  isLocked,
  LOGIN_FAILURES_MAX,
  readHsmSnapshot,
  type Username,
} from '../../src/index.ts'
import {
  activated,
  as,
  asAdmin,
  certified,
  command,
  facts,
  initialized,
  provisioned,
  record,
  SESSION,
  stateAfter,
  text,
  tombstone,
} from './samples.ts'

const name = fc.constantFrom('alice', 'bob', 'carol').map((each) => each as Username)
const handle = fc.integer({ min: 1, max: 6 })

type Act = (state: HsmState, id: string) => ReadonlyArray<HsmEvent>

const act: fc.Arbitrary<Act> = fc.oneof(
  name.map(
    (username): Act =>
      (state, id) =>
        decideCreateUser(state, asAdmin, { commandId: command(id), username, role: 'crypto-user' }, text(username))
          .events,
  ),
  name.map(
    (username): Act =>
      (state, id) =>
        decideDeleteUser(state, asAdmin, { commandId: command(id), username, role: 'crypto-user' }, false).events,
  ),
  fc.tuple(name, fc.boolean()).map(([username, matches]): Act => (state) => {
    const known = state.users.get(username)
    const verdict = known === undefined ? undefined : { matches, verifier: known.verifier }
    return decideLogin(state, { session: SESSION, username, role: 'crypto-user' }, verdict).events
  }),
  fc.tuple(name, handle).map(
    ([username, h]): Act =>
      (state, id) =>
        state.keys.has(h as never) || state.tombstones.has(h as never)
          ? []
          : decideGenerateKey(
              state,
              { caller: as(username), commandId: command(id), volatile: { keys: 0, asymmetric: 0 } },
              record(h, username),
            ).events,
  ),
  fc.tuple(name, handle).map(
    ([username, h]): Act =>
      (state, id) =>
        decideDestroyKey(state, as(username), command(id), tombstone(h)).events,
  ),
)

const BEGIN: ReadonlyArray<HsmEvent> = [provisioned, initialized, certified, activated]
const acts = fc.array(act, { maxLength: 80, size: 'max' })

/** The log that a row of commands leaves behind. */
const logAfter = (row: ReadonlyArray<Act>): ReadonlyArray<HsmEvent> => {
  const state = stateAfter(...BEGIN)
  const log = [...BEGIN]
  row.forEach((each, i) => {
    const events = each(state, `command-${i}`)
    for (const fact of facts(events)) evolveHsm(state, fact)
    log.push(...events)
  })
  return log
}

testProp(
  'a log folds to the same bytes each time, and over a snapshot at any place',
  [acts, fc.nat()],
  (t, row, at) => {
    const log = facts(logAfter(row))
    const whole = blankHsm()
    for (const fact of log) evolveHsm(whole, fact)

    const cut = at % (log.length + 1)
    const first = blankHsm()
    for (const fact of log.slice(0, cut)) evolveHsm(first, fact)
    const restored = readHsmSnapshot(canonicalHsmState(first))
    if (restored === undefined) return t.fail('the snapshot was not read')
    for (const fact of log.slice(cut)) evolveHsm(restored, fact)
    t.is(canonicalHsmState(restored), canonicalHsmState(whole))
  },
)

testProp('no key stands beside its tombstone', [acts], (t, row) => {
  const { keys, tombstones } = stateAfter(...logAfter(row))
  t.deepEqual(
    [...tombstones.keys()].filter((each) => keys.has(each)),
    [],
  )
})

testProp('every key that was made here has an owner that exists', [acts], (t, row) => {
  const { keys, users } = stateAfter(...logAfter(row))
  t.true([...keys.values()].every(({ owner }) => users.has(owner)))
})

testProp('a user is locked exactly when more than five wrong passwords stand in a row', [acts], (t, row) => {
  const inARow = new Map<string, number>()
  const log = logAfter(row)
  for (const event of log) {
    if (event.type === 'LoginRefused') inARow.set(event.username, (inARow.get(event.username) ?? 0) + 1)
    if (event.type === 'LoginSucceeded' || event.type === 'UserCreated' || event.type === 'UserDeleted') {
      inARow.set(event.username, 0)
    }
  }
  for (const user of stateAfter(...log).users.values()) {
    t.is(isLocked(user), (inARow.get(user.username) ?? 0) > LOGIN_FAILURES_MAX)
  }
})

testProp('audit sequence numbers count without a gap', [acts], (t, row) => {
  let cursor = firstAuditCursor
  const sequences: number[] = []
  for (const fact of facts(logAfter(row))) {
    const audited = auditOf(cursor, fact)
    cursor = audited.cursor
    sequences.push(...audited.records.map(({ sequence }) => sequence))
  }
  t.deepEqual(
    sequences,
    sequences.map((_, i) => i),
  )
  t.is(cursor.sequence, sequences.length)
})

testProp('a refused command leaves at most the fact that it was refused', [acts], (t, row) => {
  const state = stateAfter(...logAfter(row))
  const before = state.users.size
  const decision = decideCreateUser(
    state,
    as('alice' as Username),
    { commandId: command('n'), username: 'new' as Username, role: 'crypto-user' },
    text('v'),
  )
  t.true(E.isLeft(decision.reply))
  t.is(decision.events.length, 0)
  t.is(state.users.size, before)
})
