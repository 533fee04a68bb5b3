import test from 'ava'
import { describeOpenFailure, type OpenFailure } from '../../src/event-store/failure.ts'

const said = (failure: OpenFailure): string => describeOpenFailure(failure, 'hsm-one')

test('a failure is told in a sentence that says what happened and where', (t) => {
  t.is(said({ _tag: 'StoreLocked' }), 'The log of hsm-one is open in another process.')
  t.is(said({ _tag: 'StoreMissing' }), 'There is no log of hsm-one here.')
  t.is(said({ _tag: 'LogDamaged', position: 41, what: 'gap' }), 'The log of hsm-one is damaged: record 41 is missing.')
  t.is(
    said({ _tag: 'LogRolledBack', remembered: 12, found: 1 }),
    'The log of hsm-one went back in time: it holds 1 record where 12 records had been acknowledged. An older copy, or a lost tail.',
  )
  t.is(said({ _tag: 'LogMissing', remembered: 3 }), 'The log of hsm-one is gone: its head file remembers 3 records.')
  t.is(
    said({ _tag: 'LogForeign', expected: 'hsm-one', found: 'hsm-two' }),
    "The log that lies in the place of hsm-one's belongs to hsm-two.",
  )
  t.is(said({ _tag: 'HeadFileDamaged', what: 'rolled-back' }), "The head file of hsm-one's log is older than the log.")
})

test('no failure is told like another', (t) => {
  const failures: ReadonlyArray<OpenFailure> = [
    ...(['StoreLocked', 'StoreMissing', 'StoreDamaged', 'StoreFull', 'StoreUnavailable'] as const).map((_tag) => ({
      _tag,
    })),
    ...(['gap', 'chain', 'mac', 'malformed', 'head', 'fork'] as const).map(
      (what) => ({ _tag: 'LogDamaged', position: 0, what }) as const,
    ),
    { _tag: 'LogRolledBack', remembered: 2, found: 1 },
    { _tag: 'LogMissing', remembered: 2 },
    { _tag: 'LogForeign', expected: 'hsm-one', found: 'hsm-two' },
    ...(['missing', 'malformed', 'foreign', 'rolled-back'] as const).map(
      (what) => ({ _tag: 'HeadFileDamaged', what }) as const,
    ),
  ]
  t.is(new Set(failures.map(said)).size, failures.length)
})

test('the cause of a failure is not part of what is said', (t) => {
  t.false(said({ _tag: 'StoreUnavailable', cause: new Error('password1') }).includes('password1'))
})
