import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { temporaryFolder } from '../support/instance.ts'
import { hsmlab } from '../support/run-hsmlab.ts'

type StartedJson = Readonly<{ pid: number; endpoint: string }>

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('in the background: ready when told so, held against a second start, back after kill -9, down', async (t) => {
  const data = temporaryFolder(t)
  const first = await hsmlab(data, 'up --detach --empty --port 0 --json')
  t.is(first.code, 0, first.errors)
  const { pid, endpoint } = first.json as StartedJson
  t.teardown(() => isAlive(pid) && process.kill(pid, 'SIGKILL'))
  t.regex(endpoint, /^http:\/\/127\.0\.0\.1:\d+$/)
  t.is((await hsmlab(data, 'status')).code, 0)

  const second = await hsmlab(data, 'up --detach --empty --port 0')
  t.is(second.code, 1)
  t.regex(second.errors, new RegExp(`held by process ${pid}`))

  process.kill(pid, 'SIGKILL')
  while (isAlive(pid)) await new Promise(setImmediate)
  t.is((await hsmlab(data, 'status')).code, 3)

  const again = await hsmlab(data, 'up --detach --empty --port 0')
  t.is(again.code, 0, again.errors)
  t.regex(again.output, /is ready \(pid \d+, \d+ ms\)[^]*AWS endpoint[^]*describe-clusters/)
  t.is(readFileSync(join(data, 'up.err'), 'utf8'), '')
  const down = await hsmlab(data, 'down')
  t.like(down, { code: 0, errors: '' })
  t.regex(down.output, /^Stopped \(pid \d+\)\.\n$/)
  t.is((await hsmlab(data, 'down')).code, 3)
})
