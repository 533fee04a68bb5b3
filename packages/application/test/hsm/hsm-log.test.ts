import { createHash } from 'node:crypto'
import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import type { HsmEvent, HsmIdentity } from '@hsmlab/domain'
import { toBase64 } from '@hsmlab/event-sourcing'
import type { Disk } from '@hsmlab/ports'
import { memoryDisk, virtualClock } from '@hsmlab/ports/memory'
import { openEventStore } from '../../src/event-store/open-event-store.ts'
import { handleAllocator } from '../../src/hsm/handle-allocator.ts'
import { hsmFold, hsmLog } from '../../src/hsm/hsm-log.ts'
import { gate, interfering } from '../event-store/faulty-disk.ts'

const primitives = { sha256: (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest()) }

const openLog = async (disk: Disk, create = true) => {
  const fold = hsmFold()
  const options = { create, macKey: new Uint8Array(32).fill(7), identity: 'hsm-one', replay: fold.replay }
  const store = await openEventStore({ disk, primitives }, options)()
  if (E.isLeft(store)) throw new Error(store.left._tag)
  const log = await hsmLog(store.right, fold, virtualClock())()
  if (E.isLeft(log)) throw new Error(log.left._tag)
  log.right.state.identity = { lane: 3 } as HsmIdentity
  return { log: log.right, close: () => store.right.close()() }
}

const membership = (version: number, length: number): HsmEvent => ({
  type: 'MembershipInstalled',
  document: 'x'.repeat(length),
  signature: toBase64(new Uint8Array(64)),
  membershipVersion: version,
})

/** A log whose disk is held up with all that may wait for it. */
const busyLog = async () => {
  const disk = memoryDisk()
  let held: ReturnType<typeof gate> | undefined
  const opened = await openLog(interfering(disk, () => held?.opened))
  held = gate()
  const first = opened.log.append([membership(0, 10)])
  const taken = first._tag === 'Taken' ? [first.durable] : []
  await new Promise((resolve) => void setImmediate(resolve)) // The first batch is under way; what follows waits.
  for (let version = 1; ; version += 1) {
    const appending = opened.log.append([membership(version, 1_000_000)])
    if (appending._tag !== 'Taken') break
    taken.push(appending.durable)
  }
  const release = async (): Promise<void> => {
    held?.release()
    held = undefined
    await Promise.all(taken)
  }
  return { ...opened, disk, release }
}

test('what a busy log does not take changes nothing, is refused as CloudHSM throttles, and gives no handle away', async (t) => {
  const { log, disk, release, close } = await busyLog()
  const handles = handleAllocator(log)
  const before = log.revision()
  const decision = { events: [{ type: 'ChannelOpened', session: 1 }] as const, reply: E.right('done') }
  let applied = false
  const answer = await log.commit(decision, () => {
    applied = true
  })
  t.like(answer, { left: { _tag: 'CKR_FUNCTION_FAILED', hsmReturn: 187 } })
  t.like(handles.take(1), { left: { hsmReturn: 187 } })
  t.false(applied)
  t.is(log.revision(), before)
  await release()

  t.deepEqual(await log.commit(decision), E.right('done'))
  const given: number[] = []
  for (let i = 0; i < 300; i += 1) {
    const handle = handles.take(2)
    if (E.isRight(handle)) given.push(handle.right, handle.right + 1)
  }
  t.is(new Set(given).size, 600)
  await log.settled()
  await close()
  const again = await openLog(disk, false)
  const next = handleAllocator(again.log).take(1)
  t.true(E.isRight(next) && next.right > Math.max(...given))
  await again.close()
})

test('a change that is too large for the log is refused, and nothing else with it', async (t) => {
  const { log, close } = await openLog(memoryDisk())
  const decision = { events: [membership(1, 2_000_000)], reply: E.right('done') }
  t.like(await log.commit(decision), { left: { _tag: 'CKR_FUNCTION_FAILED' } })
  t.is(log.state.membership, undefined)
  t.is(log.revision(), 0)
  await close()
})

test('a lane that is spent gives no handle', async (t) => {
  const { log, close } = await openLog(memoryDisk())
  log.append([{ type: 'HandlesReserved', upTo: 0xff_ffff }])
  const handles = handleAllocator(log)
  t.like(handles.take(2), { left: { _tag: 'CKR_DEVICE_MEMORY' } })
  t.deepEqual(handles.take(1), E.right((3 * 0x1_00_0000 + 0xff_ffff) as never))
  t.like(handles.take(1), { left: { _tag: 'CKR_DEVICE_MEMORY' } })
  await close()
})

test('the phase that others are told is the one that the disk knows', async (t) => {
  const disk = memoryDisk()
  let held: ReturnType<typeof gate> | undefined
  const { log, close } = await openLog(interfering(disk, () => held?.opened))
  held = gate()
  const appending = log.append([{ type: 'BackupRestoreFinished', backupId: 'backup' }])
  t.is(log.state.phase, 'ACTIVE')
  t.is(log.durablePhase(), 'BLANK')
  held.release()
  held = undefined
  if (appending._tag === 'Taken') await appending.durable
  t.is(log.durablePhase(), 'ACTIVE')
  await close()
})
