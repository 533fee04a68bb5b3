import { readFile, stat, writeFile } from 'node:fs/promises'
import test, { type ExecutionContext } from 'ava'
import { inTrixie, requireTool } from '../support/tools.ts'
import { type Door, openDoor, PIN, runner } from './door.ts'

const MODULE = '/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so'

type Bench = Door & Readonly<{ inside: (...argv: ReadonlyArray<string>) => string; asUser: Bench['inside'] }>

/** A door, and Debian 13's programs before it: their p11-kit (0.25) passes what that of Debian 12 filters. */
const inDebian13 = (run: (t: ExecutionContext, bench: Bench) => Promise<void>) => async (t: ExecutionContext) => {
  const root = requireTool(t, 'trixie')
  if (root === undefined) return
  const door = await openDoor(t)
  const call = runner(door.folder, '/mnt', { PKCS11_PROVIDER_MODULE: MODULE })
  const inside: Bench['inside'] = (...argv) => {
    const [command, args] = inTrixie(root, door.folder, argv)
    const { status, text } = call(command, ...args)
    t.is(status, 0, `${argv.join(' ')}\n${text}`)
    return text
  }
  const asUser: Bench['inside'] = (...args) =>
    inside('pkcs11-tool', '--module', MODULE, '--login', '--pin', PIN, ...args)
  await run(t, { ...door, inside, asUser })
}

const files = (input: string, output: string) => ['--input-file', `/mnt/${input}`, '--output-file', `/mnt/${output}`]

test.serial(
  'hashed ECDSA and hashed PSS pass p11-kit 0.25, and OpenSSL verifies them',
  inDebian13(async (t, { inside, asUser, file }) => {
    await writeFile(file('message'), 'a message')
    asUser('--keypairgen', '--key-type', 'EC:prime256v1', '--id', '01', '--private', '--usage-sign')
    asUser('--keypairgen', '--key-type', 'rsa:2048', '--id', '02', '--private', '--usage-sign')
    const sign = ['--sign', ...files('message', 'signature')]
    asUser(...sign, '--mechanism', 'ECDSA-SHA256', '--id', '01', '--signature-format', 'openssl')
    const verify = (id: string, ...options: ReadonlyArray<string>) => {
      inside('pkcs11-tool', '--module', MODULE, '--read-object', '--type', 'pubkey', '--id', id, '-o', '/mnt/key.der')
      inside('openssl', 'pkey', '-pubin', '-inform', 'DER', '-in', '/mnt/key.der', '-out', '/mnt/key.pem')
      const given = ['-verify', '/mnt/key.pem', '-signature', '/mnt/signature', '/mnt/message']
      return inside('openssl', 'dgst', '-sha256', ...options, ...given)
    }
    t.regex(verify('01'), /Verified OK/)
    asUser(...sign, '--mechanism', 'SHA256-RSA-PKCS-PSS', '--id', '02')
    t.regex(verify('02', '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32'), /Verified OK/)
  }),
)

test.serial(
  'AES in CBC, CBC with padding and GCM passes p11-kit 0.25 and comes back',
  inDebian13(async (t, { asUser, file }) => {
    asUser('--keygen', '--key-type', 'AES:32', '--id', '03', '--private', '--usage-decrypt')
    const comesBack = async (plain: string, ...mechanism: ReadonlyArray<string>) => {
      await writeFile(file('plain'), plain)
      const withKey = ['--id', '03', '--mechanism', ...mechanism]
      asUser('--encrypt', ...withKey, ...files('plain', 'cipher'))
      asUser('--decrypt', ...withKey, ...files('cipher', 'again'))
      t.is(await readFile(file('again'), 'utf8'), plain)
      t.not(await readFile(file('cipher'), 'utf8'), plain)
    }
    const block = ['--iv', '000102030405060708090a0b0c0d0e0f']
    const blocks = 'two whole blocks, 32 characters.'
    await comesBack(blocks.repeat(100), 'AES-CBC', ...block)
    await comesBack(`${blocks.repeat(100)} and more`, 'AES-CBC-PAD', ...block)
    // pkcs11-tool cuts what is longer than its buffer into parts, which AES-GCM does not take.
    const gcm = ['--iv', '000102030405060708090a0b', '--aad', '00112233', '--tag-bits-len', '128']
    await comesBack('a message', 'AES-GCM', ...gcm)
  }),
)

test.serial(
  'HMAC passes p11-kit 0.25',
  inDebian13(async (t, { asUser, file }) => {
    asUser('--keygen', '--key-type', 'GENERIC:32', '--id', '04', '--private', '--usage-sign')
    await writeFile(file('message'), 'a message')
    asUser('--sign', '--mechanism', 'SHA256-HMAC', '--id', '04', ...files('message', 'mac'))
    t.is((await stat(file('mac'))).size, 32)
  }),
)

test.serial(
  'OpenSSL 3.5 signs through pkcs11-provider',
  inDebian13(async (t, { inside, asUser, file }) => {
    await writeFile(file('message'), 'a message')
    asUser('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'provided', '--id', '05', '--private')
    const key = `pkcs11:token=hsm1;object=provided;type=private?pin-value=${PIN}`
    const providers = ['-provider', 'pkcs11', '-provider', 'default', '-propquery', '?provider=pkcs11']
    inside('openssl', 'dgst', ...providers, '-sha256', '-sign', key, '-out', '/mnt/signature', '/mnt/message')
    inside('pkcs11-tool', '--module', MODULE, '--read-object', '--type', 'pubkey', '--id', '05', '-o', '/mnt/key.der')
    inside('openssl', 'pkey', '-pubin', '-inform', 'DER', '-in', '/mnt/key.der', '-out', '/mnt/key.pem')
    const given = ['-verify', '/mnt/key.pem', '-signature', '/mnt/signature', '/mnt/message']
    t.regex(inside('openssl', 'dgst', '-sha256', ...given), /Verified OK/)
  }),
)
