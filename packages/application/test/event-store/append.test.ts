import test from 'ava'
import { memoryDisk } from '@hsmlab/ports/memory'
import type { StoreFailure } from '@hsmlab/ports'
import { PAYLOAD_BYTES_MAX } from '../../src/event-store/record.ts'
import { PENDING_BYTES_MAX } from '../../src/event-store/writer.ts'
import { gate, interfering } from './faulty-disk.ts'
import { append, create, left, open, payload, reopen, right, texts } from './fixture.ts'

const full: StoreFailure = { _tag: 'StoreFull' }

test('what was appended is read back in order, also after closing and opening', async (t) => {
  const disk = memoryDisk()
  const log = await create(disk)
  await append(log, 'a', 'b')
  await append(log, 'c')
  t.deepEqual(await texts(log), ['a', 'b', 'c'])
  t.deepEqual(await texts(log, 1, 2), ['b'])
  t.deepEqual(await texts(log, 2, 9), ['c'])
  t.deepEqual(await texts(log, 3), [])
  right(await log.close()())
  const again = await reopen(disk)
  t.deepEqual(await texts(again), ['a', 'b', 'c'])
  t.deepEqual(again.durableHead(), log.durableHead())
})

test('a reader may stop early', async (t) => {
  const log = await create(memoryDisk())
  await append(log, 'a', 'b', 'c')
  const seen: Array<number> = []
  right(await log.read(0, 3, (position) => seen.push(position) < 2)())
  t.deepEqual(seen, [0, 1])
})

test('the head moves at once for those who decide, and when synced for those who answer', async (t) => {
  const log = await create(memoryDisk())
  const appended = right(log.append(0, [payload('a'), payload('b')]))
  t.is(appended.from, 0)
  t.is(log.speculativeHead().revision, 2)
  t.is(log.durableHead().revision, 0)
  t.deepEqual(await texts(log), [])
  t.deepEqual(right(await appended.durable()), appended.head)
  t.deepEqual(log.durableHead(), appended.head)
})

test('who expects another revision than there is learns which there is, and appends nothing', async (t) => {
  const log = await create(memoryDisk())
  await append(log, 'a')
  t.deepEqual(left(log.append(0, [payload('b')])), { _tag: 'RevisionConflict', expected: 0, actual: 1 })
  t.deepEqual(left(log.append(2, [payload('b')])), { _tag: 'RevisionConflict', expected: 2, actual: 1 })
  t.deepEqual(await texts(log), ['a'])
})

test('nothing to append is durable when all before it is', async (t) => {
  const log = await create(memoryDisk())
  const first = right(log.append(0, [payload('a')]))
  const nothing = right(log.append(1, []))
  t.deepEqual(right(await nothing.durable()), first.head)
  t.is(log.durableHead().revision, 1)
})

test('commands that come while a batch is under way share the next one', async (t) => {
  const batches: Array<number> = []
  const { opened, release } = gate()
  let held = false
  const disk = interfering(memoryDisk(), ({ what, operations }) => {
    if (what === 'cell') return undefined
    batches.push(operations.length - 1) // One of them is the head.
    return held ? opened : undefined
  })
  const log = await create(disk)
  batches.length = 0
  held = true
  const first = [1, 2].map((n) => right(log.append(log.speculativeHead().revision, [payload(`first ${n}`)])))
  await Promise.resolve()
  await Promise.resolve()
  const second = [1, 2, 3].map((n) => right(log.append(log.speculativeHead().revision, [payload(`second ${n}`)])))
  t.deepEqual(batches, [2])
  release()
  for (const { durable } of [...first, ...second]) right(await durable())
  t.deepEqual(batches, [2, 3])
})

test('the head file is written after the batch, and the answer leaves after both', async (t) => {
  const steps: Array<string> = []
  const disk = interfering(memoryDisk(), ({ what }) => void steps.push(what))
  const log = await create(disk)
  steps.length = 0
  log.onCommitted(() => void steps.push('committed'))
  await append(log, 'a')
  steps.push('answered')
  t.deepEqual(steps, ['batch', 'cell', 'committed', 'answered'])
})

test('committed runs come in order, whole, and until the listener leaves', async (t) => {
  const log = await create(memoryDisk())
  const runs: Array<ReadonlyArray<number>> = []
  const leave = log.onCommitted(({ from, records }) => void runs.push([from, records.length]))
  await append(log, 'a', 'b')
  right(log.append(2, [payload('c')]))
  right(log.append(3, [payload('d'), payload('e')]))
  right(await log.whenDurable(5)())
  leave()
  await append(log, 'f')
  t.deepEqual(runs, [
    [0, 2],
    [2, 3],
  ])
})

test('the first failed write is the last: later ones are refused though the disk would take them', async (t) => {
  let failure: StoreFailure | undefined
  const disk = memoryDisk()
  const log = await create(interfering(disk, () => failure))
  await append(log, 'kept')
  failure = full
  const reasons: Array<StoreFailure> = []
  log.onStopped((reason) => void reasons.push(reason))
  const underWay = right(log.append(1, [payload('unknown')]))
  t.deepEqual(left(await underWay.durable()), { _tag: 'StoreStopped', outcome: 'unknown', reason: full })
  failure = undefined
  const refused = { _tag: 'StoreStopped', outcome: 'not-written', reason: full } as const
  t.deepEqual(left(log.append(log.speculativeHead().revision, [payload('later')])), refused)
  t.deepEqual(left(await log.read(0, 1, () => true)()), refused)
  t.deepEqual(left(await log.scrub()()), refused)
  t.deepEqual(left(await log.saveSnapshot(1, payload('state'))()), refused)
  t.deepEqual(left(await underWay.durable()), { _tag: 'StoreStopped', outcome: 'unknown', reason: full })
  t.deepEqual(reasons, [full])
  right(await log.close()())
  t.deepEqual(await texts(await reopen(disk)), ['kept'])
})

test('what waited behind the failed write was not written, and is told so', async (t) => {
  const { opened, release } = gate()
  let broken = false
  const disk = interfering(memoryDisk(), async () => {
    if (!broken) return undefined
    await opened
    return full
  })
  const log = await create(disk)
  broken = true
  const first = right(log.append(0, [payload('under way')])).durable()
  await Promise.resolve()
  await Promise.resolve()
  const second = right(log.append(1, [payload('waiting')])).durable()
  const snapshot = log.saveSnapshot(0, payload('state'))()
  release()
  t.like(left(await first), { outcome: 'unknown' })
  t.like(left(await second), { outcome: 'not-written' })
  t.like(left(await snapshot), { _tag: 'StoreStopped', outcome: 'not-written' })
})

test('a head file that cannot be written stops the log; the batch before it counts at the next opening', async (t) => {
  let failing = false
  const disk = memoryDisk()
  const log = await create(interfering(disk, ({ what }) => (failing && what === 'cell' ? full : undefined)))
  await append(log, 'kept')
  failing = true
  const appended = right(log.append(1, [payload('stored, unknown')]))
  t.like(left(await appended.durable()), { outcome: 'unknown' })
  right(await log.close()())
  t.deepEqual(await texts(await reopen(disk)), ['kept', 'stored, unknown'])
})

test('closing waits for what was appended and takes nothing more', async (t) => {
  const disk = memoryDisk()
  const log = await create(disk)
  const appended = right(log.append(0, [payload('a')]))
  const closing = log.close()()
  t.like(left(log.append(1, [payload('b')])), { _tag: 'StoreStopped', reason: { _tag: 'StoreClosed' } })
  right(await closing)
  right(await appended.durable())
  right(await log.close()())
  t.deepEqual(await texts(await reopen(disk)), ['a'])
})

test('a payload has a limit', async (t) => {
  const log = await create(memoryDisk())
  right(await right(log.append(0, [new Uint8Array(PAYLOAD_BYTES_MAX)])).durable())
  const tooLarge = new Uint8Array(PAYLOAD_BYTES_MAX + 1)
  t.deepEqual(left(log.append(1, [payload('a'), tooLarge])), {
    _tag: 'PayloadTooLarge',
    bytes: PAYLOAD_BYTES_MAX + 1,
    limit: PAYLOAD_BYTES_MAX,
  })
  t.is(log.speculativeHead().revision, 1)
})

test('a disk that does not keep up refuses more, and takes it again later', async (t) => {
  const { opened, release } = gate()
  let held = false
  const log = await create(interfering(memoryDisk(), () => (held ? opened : undefined)))
  held = true
  const big = new Uint8Array(PAYLOAD_BYTES_MAX)
  let refusal = left(log.append(0, [payload('under way')]))
  await Promise.resolve()
  await Promise.resolve()
  for (let i = 0; i <= 64 && refusal === 'no failure'; i++)
    refusal = left(log.append(log.speculativeHead().revision, [big]))
  t.like(refusal, { _tag: 'LogBusy', limit: PENDING_BYTES_MAX })
  held = false
  release()
  right(await log.whenDurable(log.speculativeHead().revision)())
  await append(log, 'again')
  t.is(log.durableHead().revision, log.speculativeHead().revision)
})

test('the boot counter counts openings', async (t) => {
  const disk = memoryDisk()
  for (const expected of [1, 2, 3]) {
    const log = right(await open(disk, { create: expected === 1 }))
    t.is(log.bootCounter, expected)
    right(await log.close()())
  }
})

test('a replay sees each record once, in order, while the log is verified', async (t) => {
  const disk = memoryDisk()
  const log = await create(disk)
  await append(log, 'a', 'b', 'c')
  right(await log.close()())
  const seen: Array<number> = []
  const replay = { fromSnapshot: () => true, record: (position: number) => void seen.push(position) }
  right(await open(disk, { replay }))
  t.deepEqual(seen, [0, 1, 2])
})
