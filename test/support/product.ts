import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { ProductStatus } from '@hsmlab/protocol/local'
import { root } from './repository.ts'
import { killGroup, launch, type Ran, run } from './run.ts'

const READY_MILLIS_MAX = 180_000

/** Path of one of the commands that the repository ships. */
export const bin = (name: 'hsmlab' | 'cloudhsm-cli' | 'configure-cli' | 'configure-pkcs11'): string =>
  join(root, 'packages/cli/bin', `${name}.mjs`)

/** What `hsmlab up --json` tells. */
export type Ready = Readonly<{
  pid: number
  endpoint: string
  controlSocket: string
  clientSocket: string
  pkcs11Socket: string
  readyMillis: number
  clusters: ReadonlyArray<Readonly<{ clusterId: string; state: string }>>
}>

export type Words = ReadonlyArray<string>

/** Who `cloudhsm-cli` logs in, in single-command mode. */
export type As = Readonly<{ role: 'admin' | 'crypto-user'; pin: string }>
export const ADMIN: As = { role: 'admin', pin: 'admin:password1' }
export const USER1: As = { role: 'crypto-user', pin: 'user1:password1' }
export const PIN = USER1.pin

type Tool = (...words: Words) => Promise<Ran>

/** A folder of the test's own, with a data folder in it, and the product's commands that know it. */
export type Home = Readonly<{
  folder: string
  data: string
  file: (name: string) => string
  hsmlab: Tool
  /** `hsmlab … --json`, parsed. */
  asked: <A>(...words: Words) => Promise<A>
  status: () => Promise<ProductStatus>
  cloudhsmCli: (as: As | undefined, ...words: Words) => Promise<Ran>
  configure: (tool: 'configure-cli' | 'configure-pkcs11', ...words: Words) => Promise<Ran>
}>

/** A product that runs in a process of its own. */
export type Running = Readonly<{
  ready: Ready
  /** What `hsmlab env` has a shell export. */
  env: NodeJS.ProcessEnv
  process: ChildProcess
  /** What it printed so far. */
  said: () => Readonly<{ output: string; errors: string }>
  exited: Promise<number | null>
  /** kill -9 of the process that was started, and of all its children. */
  kill: () => Promise<void>
  stop: () => Promise<void>
}>

export const makeHome = async (t: ExecutionContext): Promise<Home> => {
  const folder = await mkdtemp(join(tmpdir(), 'hsmlab-story-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const data = join(folder, 'data')
  const env = { ...process.env, HSMLAB_DATA: data }
  const node = (name: Parameters<typeof bin>[0], words: Words, more: NodeJS.ProcessEnv = {}): Promise<Ran> =>
    run(process.execPath, [bin(name), ...words], { cwd: folder, env: { ...env, ...more } })
  const asked = async <A>(...words: Words): Promise<A> => {
    const { stdout, text } = await node('hsmlab', [...words, '--json'])
    try {
      return JSON.parse(stdout.toString()) as A
    } catch {
      throw new Error(`hsmlab ${words.join(' ')} --json: ${text}`)
    }
  }
  return {
    folder,
    data,
    file: (name) => join(folder, name),
    hsmlab: (...words) => node('hsmlab', words),
    asked,
    status: () => asked<ProductStatus>('status'),
    cloudhsmCli: (as, ...words) =>
      node('cloudhsm-cli', words, as === undefined ? {} : { CLOUDHSM_ROLE: as.role, CLOUDHSM_PIN: as.pin }),
    configure: (tool, ...words) => node(tool, words),
  }
}

const exportsOf = (text: string): NodeJS.ProcessEnv =>
  Object.fromEntries([...text.matchAll(/^export (\w+)=(\S*)$/gm)].map(([, name = '', value = '']) => [name, value]))

/** What it printed when it is ready; rejects with its last words when it ends first. */
const untilReady = (child: ChildProcess, said: Running['said']): Promise<Ready> =>
  new Promise((resolve, reject) => {
    const give = (why: string): void => reject(new Error(`${why}: ${JSON.stringify(said())}`))
    const late = setTimeout(() => {
      killGroup(child)
      give('the product is not ready in time')
    }, READY_MILLIS_MAX)
    child.once('exit', (status) => {
      clearTimeout(late)
      give(`the product ended with ${status}`)
    })
    child.stdout?.on('data', () => {
      const { output } = said()
      if (!output.endsWith('}\n')) return
      clearTimeout(late)
      resolve(JSON.parse(output) as Ready)
    })
  })

/** Starts the product on the home's data folder, and waits until it is ready. It ends with the test. */
export const up = async (t: ExecutionContext, home: Home, ...words: Words): Promise<Running> => {
  const args = [bin('hsmlab'), 'up', '--json', '--data', home.data, '--port', '0', ...words]
  const child = launch(process.execPath, args, { cwd: home.folder })
  const said = { output: '', errors: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said.errors += chunk.toString()))
  const exited = once(child, 'exit').then(([status]) => status as number | null)
  const kill = async (): Promise<void> => {
    killGroup(child)
    await exited
  }
  t.teardown(kill)
  const ready = await untilReady(child, () => said)
  const { stdout } = await home.hsmlab('env')
  return {
    ready,
    env: { ...process.env, ...exportsOf(stdout.toString()) },
    process: child,
    said: () => said,
    exited,
    kill,
    stop: async () => {
      await home.hsmlab('down')
      await exited
    },
  }
}

export type Product = Home & Running

/** A product of its own for one test. */
export const startProduct = async (t: ExecutionContext, ...words: Words): Promise<Product> => {
  const home = await makeHome(t)
  return { ...home, ...(await up(t, home, ...words)) }
}

/** `data` of an envelope of CloudHSM CLI. */
export const dataOf = <A>({ stdout, text }: Ran): A => {
  try {
    return (JSON.parse(stdout.toString()) as Readonly<{ data: A }>).data
  } catch {
    throw new Error(`no envelope: ${text}`)
  }
}
