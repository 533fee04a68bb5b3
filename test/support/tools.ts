import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { findNatsServer } from '@hsmlab/adapter-nats/testing'
import type { ExecutionContext } from 'ava'

/** Where `scripts/install-test-tools` puts what the system's own packages do not give. */
const TOOLS_FOLDER = process.env['HSMLAB_TOOLS'] ?? '/var/cache/hsmlab-test-tools'

const onPath = (command: string): string | undefined => {
  const { status, stdout } = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', command], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/** `/usr/lib/<architecture>-linux-gnu/<path>` */
const inLibraries = (path: string): string | undefined =>
  readdirSync('/usr/lib')
    .filter((folder) => folder.endsWith('-linux-gnu'))
    .map((folder) => join('/usr/lib', folder, path))
    .find((file) => existsSync(file))

/** CreateCluster needs `Mode`, which older releases do not send. */
const knowsMode = (aws: string): boolean => {
  const skeleton = ['cloudhsmv2', 'create-cluster', '--generate-cli-skeleton', 'input']
  const { stdout } = spawnSync(aws, skeleton, { encoding: 'utf8' })
  return (stdout ?? '').includes('"Mode"')
}

const findAws = (): string | undefined =>
  [join(TOOLS_FOLDER, 'bin', 'aws'), onPath('aws')]
    .filter((aws) => aws !== undefined)
    .find((aws) => existsSync(aws) && knowsMode(aws))

const findTrixie = (): string | undefined => {
  const root = join(TOOLS_FOLDER, 'trixie')
  return process.getuid?.() === 0 && existsSync(join(root, 'usr/bin/pkcs11-tool')) ? root : undefined
}

const finders = {
  aws: findAws,
  'nats-server': findNatsServer,
  openssl: () => onPath('openssl'),
  /** OpenSSL's engine for PKCS#11 modules. */
  'openssl pkcs11 engine': () => inLibraries('engines-3/pkcs11.so'),
  'p11-kit': () => onPath('p11-kit'),
  /** The module that programs load to reach a p11-kit socket. */
  'p11-kit-client.so': () => inLibraries('pkcs11/p11-kit-client.so'),
  'pkcs11-tool': () => onPath('pkcs11-tool'),
  'softhsm2-util': () => onPath('softhsm2-util'),
  'libsofthsm2.so': () => inLibraries('softhsm/libsofthsm2.so'),
  /** The folder of a Debian 13 root, for `inTrixie`. */
  trixie: findTrixie,
} as const satisfies Record<string, () => string | undefined>

export type ToolName = keyof typeof finders

const found = new Map<ToolName, string | undefined>()

/** The path of a real client or server that tests use; undefined where it is not installed. */
export const findTool = (name: ToolName): string | undefined => {
  if (!found.has(name)) found.set(name, finders[name]())
  return found.get(name)
}

/**
 * The path of a tool, or undefined after saying that it is missing: the test then returns. In CI (`CI=true`) a missing
 * tool fails the test.
 */
export const requireTool = (t: ExecutionContext, name: ToolName): string | undefined => {
  const path = findTool(name)
  if (path !== undefined) return path
  const message = `${name} is not installed: run scripts/install-test-tools as root`
  if (process.env['CI'] === 'true') t.fail(message)
  else t.pass(`left out: ${message}`)
  t.log(`left out: ${message}`)
  return undefined
}

const ENTER =
  'mount --bind "$2" "$1/mnt" && mount -t proc proc "$1/proc" && root=$1 && shift 2 && exec chroot "$root" "$@"'

/**
 * Command and arguments that run `argv` inside the Debian 13 root, where `folder` is seen as `/mnt`. The mounts belong
 * to the process alone and go with it.
 */
export const inTrixie = (
  root: string,
  folder: string,
  argv: ReadonlyArray<string>,
): readonly [string, ReadonlyArray<string>] => [
  'unshare',
  ['--mount', '--propagation', 'private', 'sh', '-c', ENTER, 'sh', root, folder, ...argv],
]
