import { MESSAGE_BYTES_MAX, subject } from '../bus.ts'
import type { BusTest } from './bus-test.ts'

/** Messages without an answer, on any bus. Nothing is lost here, since nothing is in the way. */
export const datagramsContract = (test: BusTest): void => {
  test('a datagram reaches all who listen, and only on its subject', async (t, { near, far, settle }, at) => {
    const got: string[] = []
    far.listen(at, (message) => void got.push(`far ${message.join()}`))
    near.listen(at, (message) => void got.push(`near ${message.join()}`))
    far.listen(subject(at, 'other'), (message) => void got.push(`other ${message.join()}`))
    await settle()
    near.send(at, Uint8Array.of(1, 2))
    near.send(at, new Uint8Array())
    await settle()
    t.deepEqual(got.toSorted(), ['far ', 'far 1,2', 'near ', 'near 1,2'])
  })

  test('a datagram that nobody listens to is gone', async (t, { near, far, settle }, at) => {
    near.send(at, Uint8Array.of(1))
    await settle()
    const got: number[] = []
    far.listen(at, ([first = 0]) => void got.push(first))
    await settle()
    near.send(at, Uint8Array.of(2))
    await settle()
    t.deepEqual(got, [2])
  })

  test('delivery is never synchronous with sending', async (t, { near, settle }, at) => {
    let delivered = false
    near.listen(at, () => void (delivered = true))
    await settle()
    near.send(at, Uint8Array.of(1))
    t.false(delivered)
    await settle()
    t.true(delivered)
  })

  test('the bytes belong to whoever got them', async (t, { near, far, settle }, at) => {
    const got: string[] = []
    const receive = (message: Uint8Array): void => {
      got.push(message.join())
      message.fill(0)
    }
    near.listen(at, receive)
    far.listen(at, receive)
    far.listen(at, receive)
    await settle()
    const message = Uint8Array.of(1, 2)
    near.send(at, message)
    message.fill(9)
    await settle()
    t.deepEqual(got, ['1,2', '1,2', '1,2'])
    t.is(message.join(), '9,9')
  })

  test('who has stopped listening gets nothing, not even what is under way', async (t, { near, settle }, at) => {
    let delivered = 0
    const stop = near.listen(at, () => void (delivered += 1))
    await settle()
    near.send(at, Uint8Array.of(1))
    stop()
    await settle()
    near.send(at, Uint8Array.of(2))
    await settle()
    t.is(delivered, 0)
  })

  test('the same function may listen twice, and stop once', async (t, { near, settle }, at) => {
    let delivered = 0
    const receive = (): void => void (delivered += 1)
    const stop = near.listen(at, receive)
    near.listen(at, receive)
    await settle()
    near.send(at, Uint8Array.of(1))
    await settle()
    t.is(delivered, 2)
    stop()
    near.send(at, Uint8Array.of(2))
    await settle()
    t.is(delivered, 3)
  })

  test('a listener that throws harms no other and hears on', async (t, { near, far, settle }, at) => {
    const got: string[] = []
    far.listen(at, ([first = 0]) => {
      got.push(`bad ${first}`)
      throw new Error('thrown by a listener')
    })
    far.listen(at, ([first = 0]) => void got.push(`good ${first}`))
    await settle()
    near.send(at, Uint8Array.of(1))
    near.send(at, Uint8Array.of(2))
    await settle()
    t.deepEqual(got.toSorted(), ['bad 1', 'bad 2', 'good 1', 'good 2'])
  })

  test('a datagram of the greatest length passes, a longer one is lost', async (t, { near, far, settle }, at) => {
    const lengths: number[] = []
    far.listen(at, (message) => void lengths.push(message.length))
    await settle()
    near.send(at, new Uint8Array(MESSAGE_BYTES_MAX + 1))
    near.send(at, new Uint8Array(MESSAGE_BYTES_MAX))
    await settle()
    t.deepEqual(lengths, [MESSAGE_BYTES_MAX])
  })
}
