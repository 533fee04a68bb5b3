import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { startAuditSinkService } from '../src/start-audit-sink.ts'

const SETTINGS = {
  HSMLAB_DATA: '/nowhere',
  HSMLAB_NATS_URL: 'nats://127.0.0.1:1',
  HSMLAB_SOCKET: '/nowhere/audit-sink.sock',
  HSMLAB_ZONE: 'us-east-1a',
  HSMLAB_PKCS11_SOCKET: '/nowhere/pkcs11.sock',
}

const NEEDED: ReadonlyArray<keyof typeof SETTINGS> = ['HSMLAB_DATA', 'HSMLAB_NATS_URL', 'HSMLAB_SOCKET']

for (const name of NEEDED) {
  test(`without ${name} it does not start, and says so`, async (t) => {
    t.deepEqual(await startAuditSinkService({ ...SETTINGS, [name]: '' }), E.left(`${name} is not set`))
  })
}

test('without the keys of its instance it does not start, and names the file', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hsmlab-audit-sink-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const started = await startAuditSinkService({ ...SETTINGS, HSMLAB_DATA: folder })
  t.true(E.isLeft(started))
  if (E.isLeft(started)) t.regex(started.left, /keys\/.*\.json is missing or damaged/)
})
