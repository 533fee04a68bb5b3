import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const findRoot = (folder: string): string =>
  readdirSync(folder).includes('package-lock.json') ? folder : findRoot(join(folder, '..'))

/** The folder that holds the repository. */
export const root = findRoot(import.meta.dirname)

const NOT_OURS: ReadonlySet<string> = new Set(['node_modules', 'dist', '.turbo', '.git', '.hsmlab'])

/** All files that people wrote under `folder`, as paths from the root. */
export const filesUnder = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (NOT_OURS.has(entry.name)) return []
    return entry.isDirectory() ? filesUnder(path) : [relative('.', path)]
  })

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const foldersIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))

/** The folder of each package and service. */
export const packages: ReadonlyArray<string> = [...foldersIn('packages'), ...foldersIn('services')]

type Manifest = Readonly<{
  name: string
  dependencies?: Readonly<Record<string, string>>
  devDependencies?: Readonly<Record<string, string>>
}>

const manifestOf = (folder: string): Manifest => JSON.parse(read(join(folder, 'package.json'))) as Manifest

const folderOf = new Map(packages.map((folder) => [manifestOf(folder).name, folder]))

const ours = (names: Readonly<Record<string, string>> | undefined): ReadonlyArray<string> =>
  Object.keys(names ?? {}).flatMap((name) => folderOf.get(name) ?? [])

/** Folders of our packages that the package in `folder` depends on, and those its tests may use besides. */
export const dependenciesOf = (
  folder: string,
): Readonly<{ source: ReadonlyArray<string>; test: ReadonlyArray<string> }> => {
  const { dependencies, devDependencies } = manifestOf(folder)
  const source = ours(dependencies)
  return { source, test: [...source, ...ours(devDependencies)] }
}

/** Folders that the tsconfig.json in `folder` refers to, as paths from the root. */
export const referencesOf = (folder: string): ReadonlyArray<string> => {
  const { references = [] } = JSON.parse(read(join(folder, 'tsconfig.json'))) as {
    references?: ReadonlyArray<Readonly<{ path: string }>>
  }
  return references.map(({ path }) => join(folder, path).replace(/\/$/, ''))
}

/** Our packages that the sources under `folder` import, `@hsmlab/ports/memory` counting as `ports`. */
export const importsOf = (folder: string): ReadonlyArray<string> => {
  const imports = filesUnder(folder)
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => [...read(path).matchAll(/from '(@hsmlab\/[^/']+)/g)].map(([, name = '']) => name))
  return [...new Set(imports)].flatMap((name) => folderOf.get(name) ?? [])
}
