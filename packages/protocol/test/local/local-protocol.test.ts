import test, { type ExecutionContext } from 'ava'
import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { type EventSink, type LocalHandlers, localClient, serveLocal } from '../../src/local/index.ts'
import { connectionPair } from './in-memory-connection.ts'

const METHODS = {
  add: { params: t.strict({ a: t.number, b: t.number }), result: t.strict({ sum: t.number }) },
  count: { params: t.strict({ to: t.number }), event: t.strict({ n: t.number }), result: t.strict({}) },
  watch: { params: t.strict({}), event: t.strict({}), result: t.strict({}) },
  refuse: { params: t.strict({ password: t.string }), result: t.strict({}) },
  fail: { params: t.strict({}), result: t.strict({}) },
} as const

const handlers: LocalHandlers<typeof METHODS> = {
  add: async ({ a, b }) => E.right({ sum: a + b }),
  count: async ({ to }, { emit }) => {
    for (let n = 1; n <= to; n += 1) await emit({ n })
    return E.right({})
  },
  watch: (_, { onGone }: EventSink<object>) => new Promise((resolve) => onGone(() => resolve(E.right({})))),
  refuse: async () => E.left({ code: 'CKR_PIN_INCORRECT', message: 'no', hsmReturn: 163 }),
  fail: async () => Promise.reject(new Error('a secret')),
}

const connected = (onEnded: () => void = () => {}) => {
  const pair = connectionPair()
  const client = localClient(METHODS, pair.near)
  const server = serveLocal(METHODS, { handlers, ended: onEnded }, pair.far)
  pair.attach(client, server)
  return { client, pair }
}

test('a request gets its result', async (context) => {
  const { client } = connected()
  context.deepEqual(await client.call('add', { a: 2, b: 3 }), E.right({ sum: 5 }))
})

test('requests of one connection are answered in their order', async (context) => {
  const { client } = connected()
  const order: string[] = []
  await Promise.all([
    client.call('count', { to: 5 }).then(() => order.push('count')),
    client.call('add', { a: 1, b: 1 }).then(() => order.push('add')),
  ])
  context.deepEqual(order, ['count', 'add'])
})

test('events come in order and before the result', async (context) => {
  const { client } = connected()
  const seen: number[] = []
  context.deepEqual(await client.call('count', { to: 3 }, ({ n }) => seen.push(n)), E.right({}))
  context.deepEqual(seen, [1, 2, 3])
})

test('a refusal carries code, message and the return code of the HSM', async (context) => {
  const { client } = connected()
  const answer = await client.call('refuse', { password: 'hidden' })
  context.deepEqual(answer, E.left({ code: 'CKR_PIN_INCORRECT', message: 'no', hsmReturn: 163 }))
})

test('a handler that fails is an internal error without its cause', async (context) => {
  const { client } = connected()
  const answer = await client.call('fail', {})
  context.deepEqual(answer, E.left({ code: 'InternalError', message: 'the request could not be answered' }))
})

test('the end of a connection ends what it watches, then the session', async (context) => {
  let ended = (): void => {}
  const end = new Promise<void>((resolve) => (ended = resolve))
  const { client } = connected(() => ended())
  const watching = client.call('watch', {})
  client.close()
  context.deepEqual(await watching, E.left({ code: 'ConnectionClosed', message: 'the connection is closed' }))
  await end
  context.pass()
})

const rawAnswer = async (context: ExecutionContext, bytes: string): Promise<unknown> => {
  const pair = connectionPair()
  const answer = new Promise((resolve) => {
    const listener = { receive: (chunk: Uint8Array) => resolve(JSON.parse(new TextDecoder().decode(chunk))) }
    pair.attach(
      { ...listener, ended: () => {} },
      serveLocal(METHODS, { handlers, ended: () => context.pass() }, pair.far),
    )
  })
  pair.inject(new TextEncoder().encode(bytes))
  return answer
}

test('what is no request is answered with an error and id 0', async (context) => {
  for (const line of ['{', '[]', '{"id":1}', '{"id":-1,"method":"add","params":{}}', '"\\ud800"']) {
    const answer = (await rawAnswer(context, `${line}\n`)) as { id: number; error: { code: string } }
    context.is(answer.id, 0)
    context.is(answer.error.code, 'MalformedRequest')
  }
})

test('an unknown method is named as such, even one that every object has', async (context) => {
  for (const method of ['nothing', 'toString', '__proto__']) {
    const answer = (await rawAnswer(context, `{"id":1,"method":"${method}","params":{}}\n`)) as object
    context.deepEqual(answer, { id: 1, error: { code: 'UnknownMethod', message: 'there is no such method' } })
  }
})

test('malformed parameters are named by path, without their value', async (context) => {
  const answer = await rawAnswer(context, '{"id":1,"method":"refuse","params":{"password":["hidden"]}}\n')
  context.regex(JSON.stringify(answer), /MalformedParams.*password/)
  context.notRegex(JSON.stringify(answer), /hidden/)
})

test('a line that is too long ends its connection', async (context) => {
  const pair = connectionPair()
  const server = serveLocal(METHODS, { handlers, ended: () => {} }, pair.far)
  const gone = new Promise<void>((resolve) =>
    pair.attach(
      { receive: (chunk) => context.regex(new TextDecoder().decode(chunk), /LineTooLong/), ended: resolve },
      server,
    ),
  )
  pair.inject(new Uint8Array((1 << 20) + 1).fill(0x20))
  await gone
  context.true(pair.farClosed())
})

test('a client that asks without end is cut off', async (context) => {
  const pair = connectionPair()
  let ended = (): void => {}
  const end = new Promise<void>((resolve) => (ended = resolve))
  const server = serveLocal(METHODS, { handlers, ended }, pair.far)
  pair.attach({ receive: () => {}, ended: () => {} }, server)
  pair.inject(new TextEncoder().encode('{"id":1,"method":"watch","params":{}}\n'.repeat(1000)))
  await end
  context.pass()
})

testProp('random bytes never break a server', [fc.array(fc.uint8Array({ maxLength: 80 }))], async (context, chunks) => {
  const pair = connectionPair()
  const server = serveLocal(METHODS, { handlers, ended: () => {} }, pair.far)
  pair.attach({ receive: () => {}, ended: () => {} }, server)
  for (const chunk of chunks) pair.inject(chunk)
  const { client } = connected()
  context.deepEqual(await client.call('add', { a: 1, b: 2 }), E.right({ sum: 3 }))
})

testProp('random bytes never break a client', [fc.uint8Array({ maxLength: 80 })], async (context, bytes) => {
  const pair = connectionPair()
  const client = localClient(METHODS, pair.near)
  const asked = client.call('add', { a: 1, b: 2 })
  client.receive(bytes)
  client.ended()
  context.true(E.isLeft(await asked))
})
