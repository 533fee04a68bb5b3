import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findAbove } from '@hsmlab/adapter-node/local'
import { READY_MADE } from '@hsmlab/embedded/facts'
import type { Target } from './load.ts'
import { runTool, startServer, stopServer } from './run-tool.ts'

const BIN = findAbove(import.meta.url, 'bin/hsmlab.mjs')
const SOFTHSM_MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/lib/pkcs11/libsofthsm2.so',
]
const SOFTHSM_PIN = '1234'

/** The product under measurement, in a process of its own. */
export type Product = Target &
  Readonly<{
    data: string
    readyMillis: number
    /** Resident memory, in bytes. */
    residentBytes: () => Promise<number>
    stop: () => Promise<void>
  }>

/** Starts the product on `data`; `readyMillis` counts from the start of its process. */
export const startProduct = async (data: string, more: ReadonlyArray<string> = []): Promise<Product> => {
  const begun = performance.now()
  const words = [BIN, 'up', '--json', '--data', data, '--port', '0', ...more]
  const { child, output } = await startServer(process.execPath, words, {}, (text) => text.endsWith('}\n'))
  const readyMillis = performance.now() - begun
  const { pkcs11Socket } = JSON.parse(output) as { pkcs11Socket: string }
  const { username, password } = READY_MADE.cryptoUser
  return {
    socket: pkcs11Socket,
    pin: `${username}:${password}`,
    data,
    readyMillis,
    residentBytes: async () => {
      const status = await readFile(`/proc/${child.pid ?? 'self'}/status`, 'utf8')
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024
    },
    stop: () => stopServer(child),
  }
}

/** SoftHSM2 with a token of its own, behind `p11-kit server`; `undefined` where one of the two is not installed. */
export const startSoftHsm = async (
  folder: string,
): Promise<(Target & Readonly<{ stop: () => Promise<void> }>) | undefined> => {
  const module = SOFTHSM_MODULES.find((path) => existsSync(path))
  if (module === undefined || !existsSync('/usr/bin/p11-kit')) return undefined
  const tokens = join(folder, 'tokens')
  const config = join(folder, 'softhsm2.conf')
  await mkdir(tokens, { recursive: true })
  await writeFile(config, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`)
  const env = { SOFTHSM2_CONF: config }
  const initialize = ['--init-token', '--free', '--label', 'bench', '--so-pin', SOFTHSM_PIN, '--pin', SOFTHSM_PIN]
  await runTool('softhsm2-util', initialize, env)
  const socket = join(folder, 'softhsm.sock')
  const words = ['server', '-f', '-n', socket, '--provider', module, 'pkcs11:token=bench']
  const { child } = await startServer('p11-kit', words, env, (text) => text.includes('P11_KIT_SERVER_ADDRESS'))
  return { socket, pin: SOFTHSM_PIN, stop: () => stopServer(child) }
}
