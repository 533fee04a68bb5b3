import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { eventCodec, type Message, upcast, versioned } from '../src/index.ts'

const LabelledV3 = t.strict({ handle: t.number, label: t.string, extractable: t.boolean })
const LabelledV2 = t.strict({ handle: t.number, label: t.string })
const LabelledV1 = t.strict({ handle: t.number })
type V2 = t.TypeOf<typeof LabelledV2>

const labelled = versioned('KeyLabelled', 3, LabelledV3, [
  upcast(1, LabelledV1, (v1): V2 => ({ ...v1, label: '' })),
  upcast(2, LabelledV2, (v2) => ({ ...v2, extractable: false })),
])
const today = { handle: 1, label: 'a', extractable: true }

test('an event is written in the version of today', (assert) => {
  assert.deepEqual(labelled.encode(today), { type: 'KeyLabelled', version: 3, data: today })
})

test('every version there ever was is read as the shape of today', (assert) => {
  const read = (version: number, data: object) => labelled.decode({ type: 'KeyLabelled', version, data: { ...data } })
  assert.deepEqual(read(3, today), E.right({ type: 'KeyLabelled', ...today }))
  assert.deepEqual(
    read(2, { handle: 1, label: 'a' }),
    E.right({ type: 'KeyLabelled', handle: 1, label: 'a', extractable: false }),
  )
  assert.deepEqual(read(1, { handle: 1 }), E.right({ type: 'KeyLabelled', handle: 1, label: '', extractable: false }))
})

test('a version newer than the reader is named, not guessed at', (assert) => {
  const unknown = (version: number) => E.left({ _tag: 'UnknownVersion', type: 'KeyLabelled', version } as const)
  for (const version of [4, 0, -1, 2.5]) {
    assert.deepEqual(labelled.decode({ type: 'KeyLabelled', version, data: today }), unknown(version))
  }
})

test('what does not fit is named by its path, never by its value', (assert) => {
  const decoded = labelled.decode({ type: 'KeyLabelled', version: 3, data: { ...today, label: 42 } })
  assert.deepEqual(decoded, E.left({ _tag: 'Malformed', type: 'KeyLabelled', paths: ['.label'] }))
  assert.false(JSON.stringify(decoded).includes('42'))
})

test('an old version is checked before it is changed', (assert) => {
  const decoded = labelled.decode({ type: 'KeyLabelled', version: 1, data: { label: 'a' } })
  assert.deepEqual(decoded, E.left({ _tag: 'Malformed', type: 'KeyLabelled', paths: ['.handle'] }))
})

test('members that no version knows are dropped', (assert) => {
  const decoded = labelled.decode({ type: 'KeyLabelled', version: 3, data: { ...today, more: 1 } })
  assert.deepEqual(decoded, E.right({ type: 'KeyLabelled', ...today }))
})

type Event = Message<'KeyLabelled', typeof today> | Message<'KeyDeleted', { handle: number }>
const events = eventCodec<Event>([labelled, versioned('KeyDeleted', 1, t.strict({ handle: t.number }))])

test('an aggregate reads its events by their type', (assert) => {
  const deleted = { type: 'KeyDeleted', handle: 7 } as const
  assert.deepEqual(events.encode(deleted), { type: 'KeyDeleted', version: 1, data: { handle: 7 } })
  assert.deepEqual(events.decode({ type: 'KeyDeleted', version: 1, data: { handle: 7 } }), E.right(deleted))
})

test('a type that the aggregate does not have is named', (assert) => {
  const decoded = events.decode({ type: 'KeyLost', version: 1, data: {} })
  assert.deepEqual(decoded, E.left({ _tag: 'UnknownType', type: 'KeyLost' }))
})

test('an event without a codec breaks an invariant', (assert) => {
  const lost = { type: 'KeyLost' } as never
  assert.throws(() => events.encode(lost), { message: /KeyLost/ })
})
