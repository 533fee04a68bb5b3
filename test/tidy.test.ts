import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import test from 'ava'
import { dependenciesOf, filesUnder, importsOf, packages, read, referencesOf, root } from './support/repository.ts'

/** What compiler, linter, formatter and `turbo boundaries` do not know of the house. */

const LINES_MAX = 450
const sources = ['packages', 'services', 'test', 'scripts']
  .flatMap(filesUnder)
  .filter((path) => /\.(ts|mjs|c|h)$/.test(path) || path.startsWith('scripts/'))

const sorted = (paths: Iterable<string>): ReadonlyArray<string> => [...new Set(paths)].toSorted()
const has = (path: string): boolean => existsSync(join(root, path))

for (const folder of packages) {
  test(`${folder}: the compiler's references are the dependencies`, (t) => {
    const { source, test: ofTests } = dependenciesOf(folder)
    t.deepEqual(sorted(referencesOf(folder)), sorted(source))
    t.deepEqual(sorted(referencesOf(join(folder, 'test'))), sorted([folder, ...ofTests]))
  })

  test(`${folder}: a README says what it is for`, (t) => {
    t.true(has(join(folder, 'README.md')), 'README.md is missing')
    t.regex(read(join(folder, 'README.md')), /^# \S[^\n]*\n\n\S/)
  })
}

test('the compiler builds every package, its tests, and the end-to-end tests', (t) => {
  t.deepEqual(
    sorted(referencesOf('.')),
    sorted([...packages.flatMap((folder) => [folder, join(folder, 'test')]), 'test']),
  )
})

test('the end-to-end tests refer to every package that they import', (t) => {
  const references = new Set(referencesOf('test'))
  t.deepEqual(
    importsOf('test').filter((folder) => !references.has(folder)),
    [],
  )
})

const aggregates = filesUnder('packages/domain/src')
  .filter((path) => basename(path) === 'codec.ts')
  .map((path) => basename(join(path, '..')))

for (const aggregate of aggregates) {
  test(`the aggregate ${aggregate} has its tests, and a log that version 1 wrote`, (t) => {
    const folder = join('packages/domain/test', aggregate)
    t.true(has(join(folder, `${aggregate}.test.ts`)), `${aggregate}.test.ts is missing`)
    t.true(has(join(folder, `${aggregate}.property.test.ts`)), `${aggregate}.property.test.ts is missing`)
    t.true(has(join(folder, 'codec.test.ts')), 'codec.test.ts is missing')
    t.true(has(join(folder, 'golden/v1.jsonl')), 'golden/v1.jsonl is missing')
    t.not(read(join(folder, 'golden/v1.jsonl')).trim(), '')
  })
}

test('the lock file holds versions and checksums, and no addresses', (t) => {
  const lock = read('package-lock.json')
  t.notRegex(lock, /"resolved": "https?:/)
  t.notRegex(lock, /registry/)
})

test(`no source file is longer than ${LINES_MAX} lines`, (t) => {
  const long = sources.filter((path) => read(path).split('\n').length - 1 > LINES_MAX)
  t.deepEqual(long, [])
})

test('no test is left out or run alone, and nothing is put off', (t) => {
  const putOff = /\b(\w*[tT]est\w*|t\.\w+)(\.serial)?\.(skip|only|todo|failing)\b|\b(TO[D]O|FIX[M]E|X[X]X)\b/
  const found = sources.filter((path) => putOff.test(read(path)))
  t.deepEqual(found, [])
})

test('no placeholder stands where code should be', (t) => {
  const placeholders = sources.filter(
    (path) => basename(path) === 'placeholder.ts' || read(path).trim() === 'export {}',
  )
  t.deepEqual(placeholders, [])
})
