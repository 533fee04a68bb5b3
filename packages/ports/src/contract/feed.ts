import * as E from 'fp-ts/lib/Either.js'
import { type Bus, type FeedEntry, MESSAGE_BYTES_MAX, type Subject, subject } from '../bus.ts'
import type { BusTest } from './bus-test.ts'

/** A run of positions, with a message that tells it from others. */
const run = (from: number, to: number): FeedEntry => ({ from, to, message: Uint8Array.of(from, to) })

const publish = async (
  bus: Bus,
  stream: Subject,
  ...entries: ReadonlyArray<FeedEntry>
): Promise<ReadonlyArray<string>> => {
  const answers: string[] = []
  for (const entry of entries) {
    const kept = await bus.publish(stream, entry)()
    answers.push(E.isLeft(kept) ? kept.left._tag : 'kept')
  }
  return answers
}

const shown = ({ from, to, message }: FeedEntry): string => `${from}-${to}:${message.join()}`

/** Follows `stream` until the entry that ends at `last`, and says what was delivered. */
const followUntil = (bus: Bus, stream: Subject, from: number, last: number): Promise<ReadonlyArray<string>> =>
  new Promise((resolve) => {
    const got: string[] = []
    const stop = bus.follow(stream, from, (entry) => {
      got.push(shown(entry))
      if (entry.to !== last) return Promise.resolve()
      stop()
      resolve(got)
      return Promise.resolve()
    })
  })

/** Published runs of a log, on any bus, where the feed has lost nothing. */
export const feedContract = (test: BusTest): void => {
  test('a follower gets what was published before and what comes after, in order', async (t, { near, far }, at) => {
    t.deepEqual(await publish(near, at, run(0, 2), run(3, 3)), ['kept', 'kept'])
    const following = followUntil(far, at, 0, 9)
    await publish(near, at, run(4, 8), run(9, 9))
    t.deepEqual(await following, ['0-2:0,2', '3-3:3,3', '4-8:4,8', '9-9:9,9'])
  })

  test('who follows a stream before its first entry gets that entry', async (t, { near, far }, at) => {
    const following = followUntil(far, at, 0, 1)
    await publish(near, at, run(0, 1))
    t.deepEqual(await following, ['0-1:0,1'])
  })

  test('a follower starts with the entry that reaches its position', async (t, { near, far }, at) => {
    await publish(near, at, run(0, 2), run(3, 6), run(7, 8))
    t.deepEqual(await followUntil(far, at, 5, 8), ['3-6:3,6', '7-8:7,8'])
  })

  test('a run that is published again changes nothing', async (t, { near, far }, at) => {
    t.deepEqual(await publish(near, at, run(0, 1), run(0, 1), run(2, 3), run(2, 3)), ['kept', 'kept', 'kept', 'kept'])
    const following = followUntil(far, at, 0, 4)
    await publish(far, at, run(0, 1), run(4, 4))
    t.deepEqual(await following, ['0-1:0,1', '2-3:2,3', '4-4:4,4'])
  })

  test('runs published without waiting arrive in order', async (t, { near, far }, at) => {
    const runs = Array.from({ length: 50 }, (_, i) => run(i, i))
    const kept = await Promise.all(runs.map((entry) => near.publish(at, entry)()))
    t.true(kept.every(E.isRight))
    t.deepEqual(await followUntil(far, at, 0, 49), runs.map(shown))
  })

  test('the next entry waits until the last one is received', async (t, { near, far }, at) => {
    await publish(near, at, run(0, 0), run(1, 1), run(2, 2))
    let receiving = 0
    let most = 0
    await new Promise<void>((resolve) => {
      const stop = far.follow(at, 0, async ({ to }) => {
        receiving += 1
        most = Math.max(most, receiving)
        for (let round = 0; round < 50; round += 1) await Promise.resolve()
        receiving -= 1
        if (to < 2) return
        stop()
        resolve()
      })
    })
    t.is(most, 1)
  })

  test('a follower that rejects or throws gets the next entry all the same', async (t, { near, far }, at) => {
    await publish(near, at, run(0, 0), run(1, 1), run(2, 2))
    const got: number[] = []
    await new Promise<void>((resolve) => {
      const stop = far.follow(at, 0, ({ to }) => {
        got.push(to)
        if (to === 0) throw new Error('thrown')
        if (to === 1) return Promise.reject(new Error('rejected'))
        stop()
        resolve()
        return Promise.resolve()
      })
    })
    t.deepEqual(got, [0, 1, 2])
  })

  test('streams do not meet, and each follower goes its own way', async (t, { near, far }, at) => {
    const other = subject(at, 'other')
    await publish(near, at, run(0, 1), run(2, 2))
    await publish(near, other, run(0, 7))
    const all = await Promise.all([
      followUntil(far, at, 0, 2),
      followUntil(far, at, 2, 2),
      followUntil(near, other, 0, 7),
    ])
    t.deepEqual(all, [['0-1:0,1', '2-2:2,2'], ['2-2:2,2'], ['0-7:0,7']])
  })

  test('who has stopped following gets nothing more', async (t, { near, far }, at) => {
    let delivered = 0
    const stop = far.follow(at, 0, () => {
      delivered += 1
      return Promise.resolve()
    })
    stop()
    await publish(near, at, run(0, 0))
    await followUntil(far, at, 0, 0)
    t.is(delivered, 0)
  })

  test('the bytes of an entry belong to whoever got them', async (t, { near, far }, at) => {
    const message = Uint8Array.of(1, 2)
    const publishing = near.publish(at, { from: 0, to: 0, message })()
    message.fill(9)
    await publishing
    const got = async (bus: Bus): Promise<string> =>
      new Promise((resolve) => {
        const stop = bus.follow(at, 0, (entry) => {
          stop()
          resolve(entry.message.join())
          entry.message.fill(0)
          return Promise.resolve()
        })
      })
    t.is(await got(far), '1,2')
    t.is(await got(far), '1,2')
  })

  test('the feed refuses an entry over the greatest length', async (t, { near }, at) => {
    const entry = { from: 0, to: 0, message: new Uint8Array(MESSAGE_BYTES_MAX + 1) }
    t.deepEqual(await publish(near, at, entry), ['FeedUnavailable'])
    t.deepEqual(await publish(near, at, { ...entry, message: new Uint8Array(MESSAGE_BYTES_MAX) }), ['kept'])
  })
}
