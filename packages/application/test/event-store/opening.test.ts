import test from 'ava'
import type { Disk } from '@hsmlab/ports'
import { memoryDisk } from '@hsmlab/ports/memory'
import { inspectLog } from '../../src/event-store/open-event-store.ts'
import { interfering } from './faulty-disk.ts'
import { append, create, env, left, macKey, open, reopen, right, texts } from './fixture.ts'

/** The store of one disk beside the cell of another. */
const mixed = (store: Disk, cell: Disk): Disk => ({ open: store.open, nvram: cell.nvram })

/** A closed log with one batch per text. */
const closedLog = async (identity: string, ...batches: ReadonlyArray<string>): Promise<Disk> => {
  const disk = memoryDisk()
  const log = await create(disk, { identity })
  for (const batch of batches) await append(log, batch)
  right(await log.close()())
  return disk
}

/** As above, written on a disk that forgets the cell from batch `rememberedUntil` on. */
const withOldCell = async (rememberedUntil: number, ...batches: ReadonlyArray<string>): Promise<Disk> => {
  const older = await closedLog('hsm-one', ...batches.slice(0, rememberedUntil))
  return mixed(await closedLog('hsm-one', ...batches), older)
}

test('a log is not made unless its owner says so', async (t) => {
  const disk = memoryDisk()
  t.deepEqual(left(await open(disk)), { _tag: 'StoreMissing' })
  right(await (await create(disk)).close()())
  await reopen(disk)
})

test('asking to make a log that is there opens it', async (t) => {
  const disk = await closedLog('hsm-one', 'a')
  t.deepEqual(await texts(await create(disk)), ['a'])
})

test('a log that is open is locked', async (t) => {
  const disk = memoryDisk()
  await create(disk)
  t.deepEqual(left(await open(disk)), { _tag: 'StoreLocked' })
})

test('a log that could not be opened is not kept locked', async (t) => {
  const disk = await closedLog('hsm-one', 'a')
  t.like(left(await open(disk, { identity: 'hsm-two' })), { _tag: 'HeadFileDamaged', what: 'foreign' })
  t.deepEqual(await texts(await reopen(disk)), ['a'])
})

test('a store that is gone is missed, even when its owner asks to make one', async (t) => {
  const disk = mixed(memoryDisk(), await closedLog('hsm-one', 'a', 'b'))
  t.deepEqual(left(await open(disk, { create: true })), { _tag: 'LogMissing', remembered: 2 })
  t.deepEqual(left(await open(disk)), { _tag: 'LogMissing', remembered: 2 })
})

test('an emptied store is missed as well', async (t) => {
  const emptied = memoryDisk()
  right(await right(await emptied.open(true)()).close()())
  const disk = mixed(emptied, await closedLog('hsm-one', 'a', 'b'))
  t.deepEqual(left(await open(disk, { create: true })), { _tag: 'LogMissing', remembered: 2 })
})

test('an older copy of the store is told with what it should hold and what it holds', async (t) => {
  const disk = mixed(await closedLog('hsm-one', 'a'), await closedLog('hsm-one', 'a', 'b', 'c'))
  t.deepEqual(left(await open(disk)), { _tag: 'LogRolledBack', remembered: 3, found: 1 })
})

test('another history of the same length is a fork', async (t) => {
  const disk = mixed(await closedLog('hsm-one', 'a', 'x'), await closedLog('hsm-one', 'a', 'b'))
  t.deepEqual(left(await open(disk)), { _tag: 'LogDamaged', position: 1, what: 'fork' })
})

test('another history that is longer is a fork', async (t) => {
  const disk = mixed(await closedLog('hsm-one', 'x', 'y'), await closedLog('hsm-one', 'a'))
  t.deepEqual(left(await open(disk)), { _tag: 'LogDamaged', position: 0, what: 'fork' })
})

test('the log of another HSM is named, under the same MAC key and under its own', async (t) => {
  const mine = await closedLog('hsm-one', 'a')
  t.deepEqual(left(await open(mixed(await closedLog('hsm-two', 'a'), mine))), {
    _tag: 'LogForeign',
    expected: 'hsm-one',
    found: 'hsm-two',
  })
  const other = memoryDisk()
  const log = await create(other, { identity: 'hsm-two', macKey: new Uint8Array(32).fill(9) })
  await append(log, 'a')
  right(await log.close()())
  t.deepEqual(left(await open(mixed(other, mine))), { _tag: 'LogForeign', expected: 'hsm-one', found: 'hsm-two' })
})

test('a head file that is gone is noticed', async (t) => {
  const disk = mixed(await closedLog('hsm-one', 'a'), memoryDisk())
  t.deepEqual(left(await open(disk, { create: true })), { _tag: 'HeadFileDamaged', what: 'missing' })
})

test('a head file that is gone is noticed before the first record, too', async (t) => {
  const disk = mixed(await closedLog('hsm-one'), memoryDisk())
  t.deepEqual(left(await open(disk)), { _tag: 'HeadFileDamaged', what: 'missing' })
})

test('a head file one batch behind is what a crash leaves, two batches behind it is an older copy', async (t) => {
  t.deepEqual(await texts(await reopen(await withOldCell(2, 'a', 'b', 'c'))), ['a', 'b', 'c'])
  t.deepEqual(left(await open(await withOldCell(1, 'a', 'b', 'c'))), { _tag: 'HeadFileDamaged', what: 'rolled-back' })
})

test('the wrong MAC key opens nothing', async (t) => {
  const disk = await closedLog('hsm-one', 'a')
  t.deepEqual(left(await open(disk, { macKey: new Uint8Array(32) })), { _tag: 'HeadFileDamaged', what: 'mac' })
})

test('making a log may fail at any write and be tried again', async (t) => {
  for (let failing = 1; failing <= 3; failing++) {
    const disk = memoryDisk()
    let writes = 0
    const broken = interfering(disk, () => (++writes === failing ? { _tag: 'StoreFull' } : undefined))
    t.deepEqual(left(await open(broken, { create: true })), { _tag: 'StoreFull' })
    const log = right(await open(disk, { create: true }))
    await append(log, 'a')
    t.deepEqual(await texts(log), ['a'])
  }
})

test('an inspection sees the whole history and changes nothing, not even the boot counter', async (t) => {
  const disk = await closedLog('hsm-one', 'a', 'b')
  const seen: Array<number> = []
  const replay = { fromSnapshot: () => false, record: (position: number) => void seen.push(position) }
  const inspect = inspectLog({ disk, ...env }, { macKey, identity: 'hsm-one', replay })
  const first = right(await inspect())
  t.deepEqual(right(await inspect()), first)
  t.is(first.bootCounter, 1)
  t.is(first.head.revision, 2)
  t.deepEqual(seen, [0, 1, 0, 1])
  t.is((await reopen(disk)).bootCounter, 2)
})

test('an inspection names what opening would name', async (t) => {
  const inspect = (disk: Disk) => inspectLog({ disk, ...env }, { macKey, identity: 'hsm-one' })()
  const rolledBack = mixed(await closedLog('hsm-one', 'a'), await closedLog('hsm-one', 'a', 'b', 'c'))
  t.deepEqual(left(await inspect(rolledBack)), { _tag: 'LogRolledBack', remembered: 3, found: 1 })
  t.deepEqual(left(await inspect(rolledBack)), { _tag: 'LogRolledBack', remembered: 3, found: 1 })
  t.deepEqual(left(await inspect(memoryDisk())), { _tag: 'StoreMissing' })
})
