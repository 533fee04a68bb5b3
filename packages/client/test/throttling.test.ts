import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { refuse, type ScriptedHsm } from './scripted/scripted-hsm.ts'
import { clusterWithKey, makeKey, signWith } from './scripted/with-key.ts'

const THROTTLED = refuse('CKR_FUNCTION_FAILED', 187)

/** The first `times` requests of this name, on whatever HSM, are throttled. */
const throttle = (hsms: ReadonlyArray<ScriptedHsm>, name: string, times: number): (() => number) => {
  let asked = 0
  for (const hsm of hsms) {
    hsm.script = (each) => {
      if (each !== name) return 'usual'
      asked += 1
      return asked <= times ? THROTTLED : 'usual'
    }
  }
  return () => asked
}

test('a throttled signature is tried up to three times more, each time later', async (t) => {
  const { client, application, handle, hsms, soon, settled } = await clusterWithKey()
  throttle(hsms, 'sign', 3)
  const { value, millis } = await soon(signWith(application, handle))
  t.true(E.isRight(value))
  t.true(millis >= 650 && millis <= 900, `${millis} ms`)
  await settled(client.close())
})

test('a signature that is throttled four times fails as on CloudHSM', async (t) => {
  const { client, application, handle, hsms, logger, settled } = await clusterWithKey()
  const asked = throttle(hsms, 'sign', Infinity)
  t.deepEqual(await settled(signWith(application, handle)), {
    _tag: 'Left',
    left: {
      _tag: 'CKR_FUNCTION_FAILED',
      hsmReturn: 187,
      message: 'This operation is already in progress. Internal error code: 0x000000BB',
    },
  })
  t.is(asked(), 4)
  t.true(logger.lines.some(({ message }) => message === 'Received error response code from Server. Response Code: 187'))
  await settled(client.close())
})

test('with retries off a throttled signature fails at once', async (t) => {
  const { client, application, handle, hsms, soon, settled } = await clusterWithKey({
    settings: { retryMode: 'off' },
  })
  const asked = throttle(hsms, 'sign', Infinity)
  const { value, millis } = await soon(signWith(application, handle))
  t.like(value, { left: { hsmReturn: 187 } })
  t.is(asked(), 1)
  t.true(millis <= 10)
  await settled(client.close())
})

test('a throttled creation waits before it is tried again, and makes one key', async (t) => {
  const { client, application, hsms, soon, settled } = await clusterWithKey()
  throttle(hsms, 'generateKey', 2)
  const before = hsms[0]!.keys.size
  const { value, millis } = await soon(makeKey(application))
  t.true(E.isRight(value))
  t.true(millis >= 300 && millis <= 400, `${millis} ms`)
  t.is(hsms[0]!.keys.size, before + 1)
  await settled(client.close())
})
