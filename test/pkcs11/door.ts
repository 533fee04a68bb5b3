import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { requireTool } from '../support/tools.ts'

const CHILD = fileURLToPath(new URL('door-child.js', import.meta.url))
const SOCKET = 'pkcs11.sock'
export const PIN = 'user1:password1'

export type Ran = Readonly<{ status: number | null; stdout: Buffer; text: string }>

/** A served socket, a folder for the test's files, and how to run a command against it. */
export type Door = Readonly<{
  folder: string
  file: (name: string) => string
  run: (command: string, ...args: ReadonlyArray<string>) => Ran
  /** `run`, and the test fails when the command does. */
  succeeds: (command: string, ...args: ReadonlyArray<string>) => Ran
}>

/** Runs a command with the socket's address in its environment; `folder` is where the command sees the test's folder. */
export const runner =
  (cwd: string, folder: string, more: NodeJS.ProcessEnv = {}) =>
  (command: string, ...args: ReadonlyArray<string>): Ran => {
    const env = { ...process.env, P11_KIT_SERVER_ADDRESS: `unix:path=${join(folder, SOCKET)}`, ...more }
    const { status, stdout, stderr } = spawnSync(command, [...args], { cwd, env, timeout: 60_000 })
    return { status, stdout, text: `${stdout.toString()}${stderr.toString()}` }
  }

/** Opens the door for one test; it closes with the test. */
export const openDoor = async (t: ExecutionContext, more: NodeJS.ProcessEnv = {}): Promise<Door> => {
  const folder = await mkdtemp(join(tmpdir(), 'hsmlab-pkcs11-'))
  const child = spawn(process.execPath, [CHILD, join(folder, SOCKET)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill()
    await exited
    await rm(folder, { recursive: true, force: true })
  })
  await once(child.stdout, 'data')
  const run = runner(folder, folder, more)
  return {
    folder,
    file: (name) => join(folder, name),
    run,
    succeeds: (command, ...args) => {
      const ran = run(command, ...args)
      t.is(ran.status, 0, `${command} ${args.join(' ')}\n${ran.text}`)
      return ran
    },
  }
}

export type Tools = Readonly<{ pkcs11Tool: string; module: string; openssl: string }>

/** What the tests of this folder need; undefined after saying what is missing. */
export const requireTools = (t: ExecutionContext): Tools | undefined => {
  const pkcs11Tool = requireTool(t, 'pkcs11-tool')
  const module = requireTool(t, 'p11-kit-client.so')
  const openssl = requireTool(t, 'openssl')
  if (pkcs11Tool === undefined || module === undefined || openssl === undefined) return undefined
  return { pkcs11Tool, module, openssl }
}
