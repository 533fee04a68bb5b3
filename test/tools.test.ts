import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { findTool, inTrixie, requireTool } from './support/tools.ts'

const output = (command: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = process.env): string => {
  const { stdout, stderr } = spawnSync(command, [...args], { encoding: 'utf8', env })
  return `${stdout}${stderr}`
}

const says = (t: ExecutionContext, name: Parameters<typeof findTool>[0], args: ReadonlyArray<string>, what: RegExp) => {
  const tool = requireTool(t, name)
  if (tool !== undefined) t.regex(output(tool, args), what)
}

test('the nats-server here can sync its writes', (t) => says(t, 'nats-server', ['--version'], /v2\.(1[0-9]|[2-9]\d)\./))
test('the aws here sends the mode of a cluster', (t) =>
  says(t, 'aws', ['cloudhsmv2', 'create-cluster', '--generate-cli-skeleton', 'input'], /"Mode"/))
test('pkcs11-tool signs', (t) => says(t, 'pkcs11-tool', ['--help'], /--sign/))

test('openssl loads its pkcs11 engine', (t) => {
  const [openssl, engine] = [requireTool(t, 'openssl'), requireTool(t, 'openssl pkcs11 engine')]
  if (openssl !== undefined && engine !== undefined) t.regex(output(openssl, ['engine', '-t', 'pkcs11']), /available/)
})

test('the Debian 13 root has a pkcs11-tool and an openssl of its own', (t) => {
  const root = requireTool(t, 'trixie')
  if (root === undefined) return
  t.regex(output(...inTrixie(root, tmpdir(), ['opensc-tool', '--info'])), /OpenSC 0\.26/)
  t.regex(output(...inTrixie(root, tmpdir(), ['openssl', 'version'])), /OpenSSL 3\.5/)
  const module = { ...process.env, PKCS11_PROVIDER_MODULE: '/usr/lib/softhsm/libsofthsm2.so' }
  t.regex(
    output(...inTrixie(root, tmpdir(), ['openssl', 'list', '-providers', '-provider', 'pkcs11']), module),
    /PKCS#11/,
  )
})

/** SoftHSM behind `p11-kit server`: a socket as the product's own door has one. */
const startSoftHsm = async (t: ExecutionContext, p11Kit: string, util: string, module: string) => {
  const folder = await mkdtemp(join(tmpdir(), 'hsmlab-softhsm-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'tokens'))
  const configuration = join(folder, 'softhsm2.conf')
  await writeFile(configuration, `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\n`)
  const env = { ...process.env, SOFTHSM2_CONF: configuration }
  output(util, ['--init-token', '--free', '--label', 'tools', '--pin', '1234', '--so-pin', '1234'], env)
  const socket = join(folder, 'p11.sock')
  const server = spawn(p11Kit, ['server', '-f', '-n', socket, '--provider', module, 'pkcs11:'], {
    env,
    stdio: 'ignore',
  })
  t.teardown(async () => {
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
  })
  while (!existsSync(socket)) await new Promise((resolve) => void setTimeout(resolve, 10))
  return folder
}

test('clients of Debian 12 and of Debian 13 reach a token behind a p11-kit socket', async (t) => {
  const [p11Kit, util] = [requireTool(t, 'p11-kit'), requireTool(t, 'softhsm2-util')]
  const [module, client] = [requireTool(t, 'libsofthsm2.so'), requireTool(t, 'p11-kit-client.so')]
  const [pkcs11Tool, root] = [requireTool(t, 'pkcs11-tool'), requireTool(t, 'trixie')]
  if (p11Kit === undefined || util === undefined || module === undefined || client === undefined) return
  const folder = await startSoftHsm(t, p11Kit, util, module)

  if (pkcs11Tool !== undefined) {
    const env = { ...process.env, P11_KIT_SERVER_ADDRESS: `unix:path=${join(folder, 'p11.sock')}` }
    t.regex(output(pkcs11Tool, ['--module', client, '--list-token-slots'], env), /token label\s*: tools/)
  }
  if (root !== undefined) {
    const env = { ...process.env, P11_KIT_SERVER_ADDRESS: 'unix:path=/mnt/p11.sock' }
    const list = ['pkcs11-tool', '--module', client, '--list-token-slots']
    t.regex(output(...inTrixie(root, folder, list), env), /token label\s*: tools/)
  }
})
