import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import type { EventStore, StoreStopped } from '@hsmlab/application'
import { levelDisk } from '@hsmlab/adapter-leveldb'
import { smallDisk } from '../support/small-disk.ts'
import { appendBatches, openLog, outcome, right, temporaryDirectory, textAt } from './fixture.ts'

const oneMebibyte = async (t: ExecutionContext) => smallDisk(t, join(await temporaryDirectory(t), 'small'), 1)

/** Appends until a write fails; answers how that append was answered. */
const appendUntilStopped = async (log: EventStore): Promise<StoreStopped> => {
  for (;;) {
    const { revision } = log.speculativeHead()
    const durable = await right(log.append(revision, [new TextEncoder().encode(textAt(revision))])).durable()
    if (E.isLeft(durable)) return durable.left
  }
}

test.serial('LevelDB by itself forgets what it acknowledged after a full disk', async (t) => {
  const disk = await oneMebibyte(t)
  if (disk === undefined) return
  const store = right(await levelDisk(join(disk.path, 'hsm')).open(true)())
  const put = (n: number) => store.batch([{ type: 'put', key: Uint8Array.of(n >> 8, n), value: new Uint8Array(500) }])()
  let acknowledged = 0
  while (E.isRight(await put(acknowledged))) {
    acknowledged += 1
    if (acknowledged === 100) await disk.fill()
  }
  await disk.clear()
  for (let i = 0; i < 40; i++) right(await put(1000 + i))
  right(await store.close()())
  const again = right(await levelDisk(join(disk.path, 'hsm')).open(false)())
  t.is(right(await again.get(Uint8Array.of(1000 >> 8, 1000 & 255))()), undefined)
  right(await again.close()())
})

test.serial('a log on a full disk stops, and opened again with space it has all that it acknowledged', async (t) => {
  const disk = await oneMebibyte(t)
  if (disk === undefined) return
  const directory = join(disk.path, 'hsm')
  const log = right(await openLog(directory, { create: true }))
  await appendBatches(log, 20)
  await disk.fill()
  const stopped = await appendUntilStopped(log)
  t.like(stopped, { _tag: 'StoreStopped', outcome: 'unknown', reason: { _tag: 'StoreFull' } })
  const acknowledged = log.durableHead().revision
  t.true(acknowledged >= 100)

  await disk.clear()
  const refused = log.append(log.speculativeHead().revision, [new Uint8Array(1)])
  t.like(E.isLeft(refused) ? refused.left : {}, { _tag: 'StoreStopped', outcome: 'not-written' })
  right(await log.close()())

  const again = right(await openLog(directory))
  t.true(again.durableHead().revision >= acknowledged)
  await appendBatches(again, 8)
  const records = again.durableHead().revision
  right(await again.close()())
  t.deepEqual(await outcome(directory), { _tag: 'Whole', records })
})

test.serial('a disk that is still full cannot open the log, and says so', async (t) => {
  const disk = await oneMebibyte(t)
  if (disk === undefined) return
  const directory = join(disk.path, 'hsm')
  const log = right(await openLog(directory, { create: true }))
  await appendBatches(log, 20)
  await disk.fill()
  await appendUntilStopped(log)
  right(await log.close()())
  t.deepEqual(await outcome(directory), { _tag: 'StoreFull' })
  await disk.clear()
  t.is((await outcome(directory))._tag, 'Whole')
})
