import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { type Mutant, MUTANT_VARIABLE } from './mutants/mutant.ts'

const script = (name: string): string => fileURLToPath(new URL(`./mutants/${name}.js`, import.meta.url))

type Found = Readonly<{ seed?: number; promises: ReadonlyArray<string>; what?: string }>

/** Runs seeds from `first` on with a defect in the product, in a process of its own, until something is noticed. */
const noticed = async (mutant: Mutant, first: number, seedsMax: number): Promise<Found> => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', script('register-hook'), script('run-mutant'), String(first), String(seedsMax)],
    { env: { ...process.env, [MUTANT_VARIABLE]: JSON.stringify(mutant) } },
  )
  return JSON.parse(stdout) as Found
}

const HSM = 'application/dist/src/hsm'

/** `first`: a seed near which it is noticed soon, so that the test is quick; from 1 on all are within 40. */
type Defect = Readonly<{ title: string; promise: string; first: number; mutant: Mutant }>

const SEEDS_MAX = 20

const DEFECTS: ReadonlyArray<Defect> = [
  {
    title: 'an HSM that answers before its log is on the disk',
    promise: 'P1',
    first: 1,
    mutant: {
      module: 'application/dist/src/event-store/writer.js',
      search: 'if (revision <= durable.revision)',
      replacement: 'if (true)',
    },
  },
  {
    title: 'an HSM that forgets what was deleted',
    promise: 'P1',
    first: 1,
    mutant: {
      module: 'domain/dist/src/hsm/state.js',
      search: 'state.tombstones.set(event.tombstone.handle, event.tombstone);',
      replacement: '',
    },
  },
  {
    title: 'a copy that wins over a tombstone',
    promise: 'P3',
    first: 34,
    mutant: {
      module: 'domain/dist/src/sync/merge.js',
      search: 'return isTombstone(mine) ? UNCHANGED :',
      replacement: 'return isTombstone(mine) ? taken(theirs) :',
    },
  },
  {
    title: 'HSMs that do not compare their keys',
    promise: 'P3',
    first: 3,
    mutant: { module: `${HSM}/peer-sync.js`, search: 'await freshRound(peer);', replacement: ';' },
  },
  {
    title: 'a client that is content with one copy',
    promise: 'P1',
    first: 3,
    mutant: {
      module: 'client/dist/src/application/replicate.js',
      search: 'keyAvailabilityCheck ? AVAILABILITY_HOLDERS : 1',
      replacement: '1',
    },
  },
  {
    title: 'a client of which one application goes on using what another one deleted',
    promise: 'P3',
    first: 5,
    mutant: {
      module: 'client/dist/src/application/placements.js',
      search: 'placements.delete(handle);\n    deleted.add(handle);',
      replacement: ';',
    },
  },
  {
    title: 'an audit sink that does not ask for what it missed',
    promise: 'P6',
    first: 1,
    mutant: {
      module: 'application/dist/src/audit-sink/audit-sink.js',
      search: 'const run = await ask(hsmId);',
      replacement: 'const run = undefined;',
    },
  },
  {
    title: 'an HSM that gives handles anew after its restart',
    promise: 'P3',
    first: 1,
    mutant: {
      module: `${HSM}/handle-allocator.js`,
      search: 'let next = state.reservedUpTo;',
      replacement: 'let next = 1;',
    },
  },
]

for (const { title, promise, first, mutant } of DEFECTS) {
  test.serial(`${title} is noticed within ${SEEDS_MAX} seeds`, async (t) => {
    const { seed, promises, what } = await noticed(mutant, first, SEEDS_MAX)
    t.log(`seed ${seed}: ${what}`)
    t.true(promises.includes(promise), promises.join(', '))
  })
}

test('the same process without a defect notices nothing', async (t) => {
  const harmless = {
    module: `${HSM}/peer-sync.js`,
    search: 'await freshRound(peer);',
    replacement: 'await freshRound(peer);',
  }
  t.deepEqual(await noticed(harmless, 1, 2), { promises: [] })
})
