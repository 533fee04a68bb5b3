import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { InstanceFile } from '@hsmlab/protocol/local'
import {
  nearestDataDirectory,
  readInstanceFile,
  removeInstanceFile,
  SOCKET_PATH_BYTES_MAX,
  socketPath,
  writeInstanceFile,
} from '../../src/local/index.ts'

const folder = (context: ExecutionContext): string => {
  const made = mkdtempSync(join(tmpdir(), 'hsmlab-instance-'))
  context.teardown(() => rmSync(made, { recursive: true, force: true }))
  return made
}

const instance: InstanceFile = {
  version: 1,
  pid: 17,
  controlSocket: '/x/control.sock',
  clientSocket: '/x/client.sock',
  pkcs11Socket: '/x/pkcs11.sock',
  endpoint: 'http://127.0.0.1:4580',
  region: 'us-east-1',
}

test('what a product writes about itself is read, until it ends', async (t) => {
  const data = folder(t)
  t.is(await readInstanceFile(data), undefined)
  await writeInstanceFile(data, instance)
  t.deepEqual(readdirSync(data), ['instance.json'])
  t.deepEqual(await readInstanceFile(data), instance)
  await removeInstanceFile(data)
  await removeInstanceFile(data)
  t.is(await readInstanceFile(data), undefined)
})

test('an instance file that cannot be read counts as none', async (t) => {
  const data = folder(t)
  writeFileSync(join(data, 'instance.json'), '{"version":2}')
  t.is(await readInstanceFile(data), undefined)
  writeFileSync(join(data, 'instance.json'), '{')
  t.is(await readInstanceFile(data), undefined)
})

test('the data folder is looked for here and in the parents', (t) => {
  const root = folder(t)
  mkdirSync(join(root, 'a', 'b'), { recursive: true })
  mkdirSync(join(root, '.hsmlab'))
  t.is(nearestDataDirectory(join(root, 'a', 'b')), join(root, '.hsmlab'))
  mkdirSync(join(root, 'a', '.hsmlab'))
  t.is(nearestDataDirectory(join(root, 'a', 'b')), join(root, 'a', '.hsmlab'))
})

test('a socket stands in its data folder, unless the path is too long for one', (t) => {
  t.is(socketPath('/data', 'control.sock', '/run/user/7'), '/data/control.sock')
  const deep = `/${'x'.repeat(120)}`
  const moved = socketPath(deep, 'control.sock', '/run/user/7')
  t.regex(moved, /^\/run\/user\/7\/hsmlab-[0-9a-f]{16}\/control\.sock$/)
  t.true(Buffer.byteLength(moved) <= SOCKET_PATH_BYTES_MAX)
  t.not(socketPath(`${deep}y`, 'control.sock', '/run/user/7'), moved)
})
