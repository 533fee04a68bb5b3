import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { opensslEngine, systemRandom } from '@hsmlab/adapter-node'
import type { AvailabilityZone } from '@hsmlab/domain'
import { type Instance, keepInstance, lendKeys, openInstance } from '../src/instance/instance-folder.ts'

const ZONES = ['us-east-1a', 'us-east-1b'].map((zone) => zone as AvailabilityZone)

const lab = async (t: ExecutionContext) => {
  const engine = opensslEngine()
  const folder = await mkdtemp(join(tmpdir(), 'hsmlab-instance-'))
  t.teardown(async () => {
    await engine.close()
    await rm(folder, { recursive: true, force: true })
  })
  return { folder, open: () => openInstance(folder, engine, systemRandom, ZONES) }
}

const right = (opened: E.Either<unknown, Instance>): Instance => {
  if (E.isLeft(opened)) throw new Error(JSON.stringify(opened.left))
  return opened.right
}

test('an instance keeps its keys from one start to the next', async (t) => {
  const { open } = await lab(t)
  const first = right(await open())
  t.true(first.isNew)
  await keepInstance(first)
  const second = right(await open())
  t.false(second.isNew || second.logsToMake)
  t.deepEqual(second.keys, first.keys)
})

test('a start whose services could not make the logs leaves them to the next one, which has the same keys', async (t) => {
  const { open } = await lab(t)
  const first = right(await open())
  await lendKeys(first)
  const second = right(await open())
  t.true(second.logsToMake && !second.isNew)
  t.deepEqual(second.keys, first.keys)
  await keepInstance(second)
  t.false(right(await open()).logsToMake)
})

test('a start that was cut short before it kept its keys is forgotten', async (t) => {
  const { open } = await lab(t)
  const first = right(await open())
  const second = right(await open())
  t.true(second.isNew)
  t.notDeepEqual(second.keys, first.keys)
})

test('its keys are for the eyes of their owner, one file a service', async (t) => {
  const { folder, open } = await lab(t)
  await keepInstance(right(await open()))
  const files = await readdir(join(folder, 'keys'))
  t.deepEqual(files.toSorted(), [
    'audit-sink.json',
    'client-proxy.json',
    'controller.json',
    'rack-us-east-1a.json',
    'rack-us-east-1b.json',
  ])
  for (const file of files) t.is((await stat(join(folder, 'keys', file))).mode & 0o777, 0o600, file)
})

test('no service is told what only another one may know', async (t) => {
  const { folder, open } = await lab(t)
  const { keys } = right(await open())
  await keepInstance(right(await open()))
  const proxy = await readFile(join(folder, 'keys', 'client-proxy.json'), 'utf8')
  t.false(proxy.includes('privateKey'))
  t.not(keys.racks[0]?.channelKey.privateKey, keys.racks[1]?.channelKey.privateKey)
})

test('a folder with HSMs and without keys is left as it is', async (t) => {
  const { folder, open } = await lab(t)
  await mkdir(join(folder, 'hsm', 'us-east-1a'), { recursive: true })
  t.like(await open(), { left: { _tag: 'InstanceKeysMissing' } })
})

test('keys that cannot be read are named', async (t) => {
  const { folder, open } = await lab(t)
  await keepInstance(right(await open()))
  const path = join(folder, 'keys', 'audit-sink.json')
  await writeFile(path, 'not JSON')
  t.deepEqual(await open(), E.left({ _tag: 'InstanceKeysDamaged' as const, path }))
})
