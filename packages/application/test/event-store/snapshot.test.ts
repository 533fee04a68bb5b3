import test from 'ava'
import { memoryDisk } from '@hsmlab/ports/memory'
import type { Disk } from '@hsmlab/ports'
import { snapshotKey } from '../../src/event-store/layout.ts'
import { append, create, open, payload, reopen, right, texts } from './fixture.ts'

/** A closed log of five records with snapshots at `revisions`. */
const logWithSnapshots = async (...revisions: ReadonlyArray<number>): Promise<Disk> => {
  const disk = memoryDisk()
  const log = await create(disk)
  await append(log, 'a', 'b', 'c', 'd', 'e')
  for (const revision of revisions) right(await log.saveSnapshot(revision, payload(`state at ${revision}`))())
  right(await log.close()())
  return disk
}

const damage = async (disk: Disk, key: Uint8Array): Promise<void> => {
  const store = right(await disk.open(false)())
  const value = right(await store.get(key)()) ?? new Uint8Array(0)
  value[value.length - 1] = (value.at(-1) ?? 0) ^ 1
  right(await store.batch([{ type: 'put', key, value }])())
  right(await store.close()())
}

const revisionsIn = async (disk: Disk): Promise<ReadonlyArray<number>> => {
  const store = right(await disk.open(false)())
  const found: Array<number> = []
  for (let revision = 0; revision <= 5; revision++) {
    if (right(await store.get(snapshotKey(revision))()) !== undefined) found.push(revision)
  }
  right(await store.close()())
  return found
}

/** What a replay is handed when `disk` is opened; it takes only snapshots that `accept` accepts. */
const replayed = async (disk: Disk, accept: (revision: number) => boolean = () => true) => {
  const steps: Array<string | number> = []
  const replay = {
    fromSnapshot: (revision: number, state: Uint8Array) => {
      if (!accept(revision)) return false
      steps.push(new TextDecoder().decode(state))
      return true
    },
    record: (position: number) => void steps.push(position),
  }
  const log = right(await open(disk, { replay }))
  right(await log.close()())
  return { steps, dropped: log.snapshotsDropped }
}

test('a replay starts from the newest snapshot', async (t) => {
  t.deepEqual((await replayed(await logWithSnapshots(2, 4))).steps, ['state at 4', 4])
})

test('a snapshot that its owner cannot read any more is passed over', async (t) => {
  const disk = await logWithSnapshots(2, 4)
  t.deepEqual((await replayed(disk, (revision) => revision < 4)).steps, ['state at 2', 2, 3, 4])
  t.deepEqual((await replayed(disk, () => false)).steps, [0, 1, 2, 3, 4])
})

test('a damaged snapshot is dropped, and the one before it serves', async (t) => {
  const disk = await logWithSnapshots(2, 4)
  await damage(disk, snapshotKey(4))
  t.deepEqual(await replayed(disk), { steps: ['state at 2', 2, 3, 4], dropped: 1 })
  t.deepEqual(await replayed(disk), { steps: ['state at 2', 2, 3, 4], dropped: 0 })
})

test('two snapshots are kept', async (t) => {
  t.deepEqual(await revisionsIn(await logWithSnapshots(1, 2, 3, 5)), [3, 5])
  t.deepEqual(await revisionsIn(await logWithSnapshots(5, 5, 5)), [5])
})

test('a snapshot of the empty log and one at the head are sound', async (t) => {
  t.deepEqual((await replayed(await logWithSnapshots(0))).steps, ['state at 0', 0, 1, 2, 3, 4])
  t.deepEqual((await replayed(await logWithSnapshots(5))).steps, ['state at 5'])
})

test('the latest snapshot is told with its place in the log', async (t) => {
  const disk = await logWithSnapshots(2, 4)
  const log = await reopen(disk)
  const latest = right(await log.latestSnapshot()())
  t.is(latest?.revision, 4)
  t.deepEqual(latest?.state, payload('state at 4'))
  t.is(right(await (await create(memoryDisk())).latestSnapshot()()), undefined)
})

test('a snapshot waits until its records are durable', async (t) => {
  const log = await create(memoryDisk())
  right(log.append(0, [payload('a')]))
  right(await log.saveSnapshot(1, payload('state'))())
  t.is(log.durableHead().revision, 1)
  t.is(right(await log.latestSnapshot()())?.revision, 1)
  t.deepEqual(await texts(log), ['a'])
})

test('history below a snapshot is still verified by a scrub', async (t) => {
  const disk = await logWithSnapshots(4)
  const log = await reopen(disk)
  const slices: Array<number> = []
  const plan = { sliceRecords: 2, between: async () => void slices.push(1) }
  t.deepEqual(right(await log.scrub(plan)()), log.durableHead())
  t.is(slices.length, 3)
})
