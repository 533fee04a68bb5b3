import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { type Mutant, MUTANT_VARIABLE } from './mutants/mutant.ts'

const script = (name: string): string => fileURLToPath(new URL(`./mutants/${name}.js`, import.meta.url))

type Found = Readonly<{ seed?: number; promises: ReadonlyArray<string>; what?: string }>

/** Runs seeds from 1 on with a defect in the product, in a process of its own, until something is noticed. */
const noticed = async (mutant: Mutant, seedsMax: number): Promise<Found> => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', script('register-hook'), script('run-mutant'), String(seedsMax)],
    { env: { ...process.env, [MUTANT_VARIABLE]: JSON.stringify(mutant) } },
  )
  return JSON.parse(stdout) as Found
}

const HSM = 'application/dist/src/hsm'

type Defect = Readonly<{ title: string; promise: string; seedsMax: number; mutant: Mutant }>

const DEFECTS: ReadonlyArray<Defect> = [
  {
    title: 'an HSM that answers before its log is on the disk',
    promise: 'P1',
    seedsMax: 5,
    mutant: {
      module: `${HSM}/hsm-log.js`,
      search: 'return E.isRight(await appended.right.durable());',
      replacement: 'void appended.right.durable(); return true;',
    },
  },
  {
    title: 'an HSM that forgets what was deleted',
    promise: 'P1',
    seedsMax: 5,
    mutant: {
      module: 'domain/dist/src/hsm/state.js',
      search: 'state.tombstones.set(event.tombstone.handle, event.tombstone);',
      replacement: '',
    },
  },
  {
    title: 'a copy that wins over a tombstone',
    promise: 'P3',
    seedsMax: 30,
    mutant: {
      module: 'domain/dist/src/sync/merge.js',
      search: 'return isTombstone(mine) ? UNCHANGED :',
      replacement: 'return isTombstone(mine) ? taken(theirs) :',
    },
  },
  {
    title: 'HSMs that do not compare their keys',
    promise: 'P3',
    seedsMax: 15,
    mutant: { module: `${HSM}/peer-sync.js`, search: 'await notedRoundWith(peer);', replacement: ';' },
  },
  {
    title: 'a client that is content with one copy',
    promise: 'P1',
    seedsMax: 15,
    mutant: {
      module: 'client/dist/src/application/replicate.js',
      search: 'keyAvailabilityCheck ? AVAILABILITY_HOLDERS : 1',
      replacement: '1',
    },
  },
  {
    title: 'a client of which one application goes on using what another one deleted',
    promise: 'P3',
    seedsMax: 15,
    mutant: {
      module: 'client/dist/src/application/placements.js',
      search: 'placements.delete(handle);\n};\nexport const forgetLink',
      replacement: ';\n};\nexport const forgetLink',
    },
  },
  {
    title: 'an HSM that gives handles anew after its restart',
    promise: 'P3',
    seedsMax: 15,
    mutant: {
      module: `${HSM}/handle-allocator.js`,
      search: 'let next = state.reservedUpTo;',
      replacement: 'let next = 1;',
    },
  },
]

for (const { title, promise, seedsMax, mutant } of DEFECTS) {
  test.serial(`${title} is noticed within ${seedsMax} seeds`, async (t) => {
    const { seed, promises, what } = await noticed(mutant, seedsMax)
    t.log(`seed ${seed}: ${what}`)
    t.true(promises.includes(promise), promises.join(', '))
  })
}

test('the same process without a defect notices nothing', async (t) => {
  const harmless = {
    module: `${HSM}/peer-sync.js`,
    search: 'await notedRoundWith(peer);',
    replacement: 'await notedRoundWith(peer);',
  }
  t.deepEqual(await noticed(harmless, 3), { promises: [] })
})
