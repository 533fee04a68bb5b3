import * as E from 'fp-ts/lib/Either.js'
import { type Bus, MESSAGE_BYTES_MAX, type RequestFailure, type Subject, subject } from '../bus.ts'
import type { BusTest } from './bus-test.ts'

/** Long enough for any answer that is to come, in milliseconds. */
const PATIENCE = 10_000
/** For requests that nobody answers. */
const BRIEF = 60

const echo = (message: Uint8Array): Promise<Uint8Array> => Promise.resolve(message)
const never = (): Promise<Uint8Array> => new Promise(() => undefined)

const ask = (bus: Bus, to: Subject, ...message: ReadonlyArray<number>) =>
  bus.request(to, Uint8Array.from(message), PATIENCE)()

/** What came of a request, in a form that compares whatever class the bytes are of. */
const outcome = (result: E.Either<RequestFailure, Uint8Array>): string | ReadonlyArray<number> =>
  E.isLeft(result) ? result.left._tag : [...result.right]

/** Question and answer, on any bus. */
export const requestsContract = (test: BusTest): void => {
  test('a request is answered by whoever serves its subject', async (t, { near, far, settle }, at) => {
    far.serve(at, ([first = 0]) => Promise.resolve(Uint8Array.of(first + 1, 0, 255)))
    await settle()
    t.deepEqual(outcome(await ask(near, at, 7)), [8, 0, 255])
  })

  test('an empty question and an empty answer are messages too', async (t, { near, far, settle }, at) => {
    far.serve(at, echo)
    await settle()
    t.deepEqual(outcome(await ask(near, at)), [])
  })

  test('a request that nobody serves finds no responder', async (t, { near }, at) => {
    t.is(outcome(await ask(near, at)), 'NoResponder')
  })

  test('a subject is not served by who serves one below or above it', async (t, { near, far, settle }, at) => {
    far.serve(subject(at, 'below'), echo)
    await settle()
    t.is(outcome(await ask(near, at)), 'NoResponder')
    t.is(outcome(await ask(near, subject(at, 'below', 'more'))), 'NoResponder')
  })

  test('who has stopped serving gets no more requests', async (t, { near, far, settle }, at) => {
    const stop = far.serve(at, echo)
    await settle()
    stop()
    await settle()
    t.is(outcome(await ask(near, at)), 'NoResponder')
    far.serve(at, echo)
    await settle()
    t.deepEqual(outcome(await ask(near, at, 1)), [1])
  })

  test('a request that is not answered in time has timed out', async (t, { near, far, settle, pass }, at) => {
    far.serve(at, never)
    await settle()
    const asking = near.request(at, Uint8Array.of(1), BRIEF)()
    await pass(BRIEF)
    t.is(outcome(await asking), 'RequestTimedOut')
  })

  test('a server that rejects or throws answers nothing and serves on', async (t, { near, far, settle, pass }, at) => {
    far.serve(at, ([first]) => {
      if (first === 1) throw new Error('thrown')
      return first === 2 ? Promise.reject(new Error('rejected')) : Promise.resolve(Uint8Array.of(9))
    })
    await settle()
    for (const first of [1, 2]) {
      const asking = near.request(at, Uint8Array.of(first), BRIEF)()
      await pass(BRIEF)
      t.is(outcome(await asking), 'RequestTimedOut')
    }
    t.deepEqual(outcome(await ask(near, at, 3)), [9])
  })

  test('requests under way at once get each its own answer', async (t, { near, far, settle }, at) => {
    const waiting: Array<() => void> = []
    far.serve(at, async (message) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
        if (waiting.length === 20) for (const release of waiting.toReversed()) release()
      })
      return message
    })
    await settle()
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(near, at, i)))
    t.deepEqual(
      answers.map(outcome),
      Array.from({ length: 20 }, (_, i) => [i]),
    )
  })

  test('question and answer belong to whoever got them', async (t, { near, far, settle }, at) => {
    const kept = Uint8Array.of(5)
    far.serve(at, (message) => {
      message.fill(0)
      return Promise.resolve(kept)
    })
    await settle()
    const question = Uint8Array.of(1, 2)
    const asking = near.request(at, question, PATIENCE)()
    t.deepEqual([...question], [1, 2])
    const answer = await asking
    if (E.isRight(answer)) answer.right.fill(0)
    t.deepEqual([...question, ...kept], [1, 2, 5])
  })

  test('a message of the greatest length passes, a longer one finds no responder', async (t, bus, at) => {
    bus.far.serve(at, ([first = 0]) => Promise.resolve(Uint8Array.of(first)))
    await bus.settle()
    const greatest = new Uint8Array(MESSAGE_BYTES_MAX).fill(3)
    t.deepEqual(outcome(await bus.near.request(at, greatest, PATIENCE)()), [3])
    t.is(outcome(await bus.near.request(at, new Uint8Array(MESSAGE_BYTES_MAX + 1), PATIENCE)()), 'NoResponder')
  })
}
