import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import {
  copyDirectory,
  edit,
  flipBit,
  largest,
  growLog,
  makeLog,
  openLog,
  outcome,
  right,
  type Teardown,
  temporaryDirectory,
} from './fixture.ts'

const RECORDS = 300

/** Two logs of 300 records, made once: one lies in LevelDB's write-ahead log, one in a table. */
const templates = mkdtemp(join(tmpdir(), 'hsmlab-event-log-templates-')).then(async (directory) => {
  await makeLog(join(directory, 'wal'), RECORDS / 5)
  await copyDirectory(join(directory, 'wal'), join(directory, 'table'))
  await growLog(join(directory, 'table'), 0)
  return directory
})
test.after.always(async () => await rm(await templates, { recursive: true }))

/** A copy of a template, for one test to damage. */
const logIn = async (t: Teardown, place: 'wal' | 'table'): Promise<string> => {
  const directory = join(await temporaryDirectory(t), 'hsm')
  await copyDirectory(join(await templates, place), directory)
  return directory
}

test('a log that nothing happened to is whole', async (t) => {
  const directory = await logIn(t, 'table')
  t.deepEqual(await outcome(directory), { _tag: 'Whole', records: RECORDS })
})

test('a bit flipped in a value of a table is noticed, and the record is named', async (t) => {
  const directory = await logIn(t, 'table')
  await edit(await largest(directory, '.ldb'), (bytes) => {
    const at = bytes.indexOf('"handle":150')
    bytes[at + 12] = (bytes[at + 12] ?? 0) ^ 1
  })
  t.deepEqual(await outcome(directory), { _tag: 'LogDamaged', position: 150, what: 'mac' })
})

test('a bit flipped in the middle of the write-ahead log leaves a hole, and its begin is named', async (t) => {
  const directory = await logIn(t, 'wal')
  await flipBit(await largest(directory, '.log'), (size) => size / 2)
  t.like(await outcome(directory), { _tag: 'LogDamaged', what: 'gap' })
})

test('a page of zeros in the write-ahead log leaves a hole, and its begin is named', async (t) => {
  const directory = await logIn(t, 'wal')
  await edit(await largest(directory, '.log'), (bytes) => void bytes.fill(0, 40_960, 45_056))
  t.like(await outcome(directory), { _tag: 'LogDamaged', what: 'gap' })
})

test('a write-ahead log without its last 50 bytes has lost a batch, and is told so', async (t) => {
  const directory = await logIn(t, 'wal')
  await edit(await largest(directory, '.log'), (bytes) => bytes.subarray(0, -50))
  t.deepEqual(await outcome(directory), { _tag: 'LogRolledBack', remembered: RECORDS, found: RECORDS - 5 })
})

test('half a write-ahead log is a rollback', async (t) => {
  const directory = await logIn(t, 'wal')
  await edit(await largest(directory, '.log'), (bytes) => bytes.subarray(0, bytes.length / 2))
  t.like(await outcome(directory), { _tag: 'LogRolledBack', remembered: RECORDS })
})

test('a write-ahead log that is gone takes a young log with it', async (t) => {
  const directory = await logIn(t, 'wal')
  await rm(await largest(directory, '.log'))
  t.deepEqual(await outcome(directory, { create: true }), { _tag: 'LogMissing', remembered: RECORDS })
})

test('a write-ahead log that is gone takes an older log back to its last opening', async (t) => {
  const directory = await logIn(t, 'table')
  await growLog(directory, 1)
  await rm(await largest(directory, '.log'))
  t.deepEqual(await outcome(directory), { _tag: 'LogRolledBack', remembered: RECORDS + 5, found: RECORDS })
})

test('a table that is cut or gone damages the store', async (t) => {
  const directory = await logIn(t, 'table')
  const spare = `${directory}/spare`
  await copyDirectory(join(directory, 'log'), spare)
  await edit(await largest(directory, '.ldb'), (bytes) => bytes.subarray(0, bytes.length / 2))
  t.deepEqual(await outcome(directory), { _tag: 'StoreDamaged' })
  await rm(join(directory, 'log'), { recursive: true })
  await rename(spare, join(directory, 'log'))
  await rm(await largest(directory, '.ldb'))
  t.deepEqual(await outcome(directory), { _tag: 'StoreDamaged' })
})

test('a bit flipped in the manifest is noticed', async (t) => {
  const directory = await logIn(t, 'table')
  const manifest = (await readdir(join(directory, 'log'))).find((name) => name.startsWith('MANIFEST')) ?? ''
  await flipBit(join(directory, 'log', manifest), (size) => size / 2)
  const found = await outcome(directory)
  t.true(['StoreDamaged', 'LogRolledBack', 'LogMissing', 'LogDamaged'].includes(found._tag), found._tag)
})

test('no bit, wherever it flips in whatever file, gives back anything but what was appended', async (t) => {
  const directory = await temporaryDirectory(t)
  const original = join(directory, 'original')
  await makeLog(original, 8)
  await growLog(original, 8)
  const files = (await readdir(join(original, 'log'))).filter((name) => !name.startsWith('LO'))
  const noticed = new Set<string>()
  for (let i = 0; i < 32; i++) {
    const copy = join(directory, `copy-${i}`)
    await copyDirectory(original, copy)
    const path = join(copy, 'log', files[i % files.length] ?? '')
    const { size } = await stat(path)
    if (size === 0) continue
    await flipBit(path, () => (i * 7919 * 31) % size)
    const found = await outcome(copy)
    t.not(found._tag, 'ServedAltered')
    if (found._tag === 'Whole') t.deepEqual(found, { _tag: 'Whole', records: 80 })
    noticed.add(found._tag)
    await rm(copy, { recursive: true })
  }
  t.true(noticed.has('LogDamaged') && noticed.has('StoreDamaged'), [...noticed].join())
})

test('a folder that is gone is missed, and never made anew', async (t) => {
  const directory = await logIn(t, 'table')
  await rm(join(directory, 'log'), { recursive: true })
  t.deepEqual(await outcome(directory), { _tag: 'LogMissing', remembered: RECORDS })
  t.deepEqual(await outcome(directory, { create: true }), { _tag: 'LogMissing', remembered: RECORDS })
})

test('an older copy of the folder is a rollback', async (t) => {
  const directory = await logIn(t, 'table')
  await copyDirectory(join(directory, 'log'), join(directory, 'older'))
  await growLog(directory, 1)
  await rm(join(directory, 'log'), { recursive: true })
  await rename(join(directory, 'older'), join(directory, 'log'))
  t.deepEqual(await outcome(directory), { _tag: 'LogRolledBack', remembered: RECORDS + 5, found: RECORDS })
})

test("another HSM's folder in the place of this one's is named", async (t) => {
  const directory = await temporaryDirectory(t)
  const one = join(directory, 'one')
  const two = join(directory, 'two')
  await makeLog(one, 3)
  await makeLog(two, 3, 'hsm-two')
  await rename(join(one, 'log'), join(directory, 'aside'))
  await rename(join(two, 'log'), join(one, 'log'))
  t.deepEqual(await outcome(one), { _tag: 'LogForeign', expected: 'hsm-one', found: 'hsm-two' })
  await rename(join(directory, 'aside'), join(two, 'log'))
  t.deepEqual(await outcome(two, { identity: 'hsm-two' }), {
    _tag: 'LogForeign',
    expected: 'hsm-two',
    found: 'hsm-one',
  })
})

test("another HSM's folder with its head file is named as well", async (t) => {
  const directory = await temporaryDirectory(t)
  await makeLog(directory, 3, 'hsm-two')
  t.deepEqual(await outcome(directory), { _tag: 'HeadFileDamaged', what: 'foreign' })
})

test('a log that is open in this process is locked', async (t) => {
  const directory = await temporaryDirectory(t)
  await makeLog(directory, 3)
  const log = right(await openLog(directory))
  t.deepEqual(await outcome(directory), { _tag: 'StoreLocked' })
  right(await log.close()())
  t.deepEqual(await outcome(directory), { _tag: 'Whole', records: 15 })
})
