import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { PIN, type Product, type Words } from './product.ts'
import { type Ran, run } from './run.ts'
import { inTrixie, requireTool } from './tools.ts'

type Tool = (...words: Words) => Promise<Ran>

/** Real PKCS#11 programs before a product. What is called here must succeed, or the test fails. */
export type Programs = Readonly<{
  /** `pkcs11-tool --module …`; may fail. */
  tool: Tool
  /** `tool`, and it must succeed. */
  succeeds: Tool
  /** The same, logged in. */
  asUser: Tool
  openssl: (...words: Words) => Promise<string>
  /** Any other command with the product's environment; may fail. */
  command: (name: string, ...words: Words) => Promise<Ran>
  /** Path of a file in the test's folder, as the programs see it. */
  seen: (name: string) => string
  /** The public key of a pair in PEM, for plain OpenSSL; its name in the folder. */
  exportKey: (id: string) => Promise<string>
}>

/** Environment of the product for a program that sees the test's folder at `folder`. */
const environment = ({ env, data }: Product, folder: string): NodeJS.ProcessEnv => ({
  ...env,
  P11_KIT_SERVER_ADDRESS: `unix:path=${join(folder, 'data', 'pkcs11.sock')}`,
  HSMLAB_DATA: data,
})

const checked =
  (t: ExecutionContext, tool: Tool): Tool =>
  async (...words) => {
    const ran = await tool(...words)
    t.is(ran.status, 0, `${words.join(' ')}\n${ran.text}`)
    return ran
  }

/** SubjectPublicKeyInfo up to the point (RFC 5480), by the DER of the curve's OID. */
const SPKI_PREFIXES: Readonly<Record<string, string>> = {
  '06082a8648ce3d030107': '3059301306072a8648ce3d020106082a8648ce3d030107034200',
  '06052b81040022': '3076301006072a8648ce3d020106052b81040022036200',
}

/** pkcs11-tool 0.23 exports no public key above P-256; what it shows of one is enough. */
const spkiOf = (shown: string): Buffer | undefined => {
  const prefix = SPKI_PREFIXES[/EC_PARAMS: +([0-9a-f]+)/.exec(shown)?.[1] ?? '']
  // A DER OCTET STRING of less than 128 bytes.
  const point = /EC_POINT: +04[0-9a-f]{2}(04[0-9a-f]+)/.exec(shown)?.[1]
  return prefix === undefined || point === undefined ? undefined : Buffer.from(prefix + point, 'hex')
}

const programs = (
  t: ExecutionContext,
  { file }: Product,
  seen: Programs['seen'],
  module: string,
  command: Programs['command'],
): Programs => {
  const tool: Tool = (...words) => command('pkcs11-tool', '--module', module, ...words)
  const succeeds = checked(t, tool)
  const asUser: Tool = (...words) => succeeds('--login', '--pin', PIN, ...words)
  const opensslSucceeds = checked(t, (...words) => command('openssl', ...words))
  return {
    tool,
    command,
    succeeds,
    asUser,
    seen,
    openssl: async (...words) => (await opensslSucceeds(...words)).text,
    exportKey: async (id) => {
      const { text } = await succeeds('--list-objects', '--type', 'pubkey')
      const der = `${id}.der`
      const shown = text.split(/^(?=Public Key Object)/m).find((object) => new RegExp(`ID: +${id}$`, 'm').test(object))
      const spki = spkiOf(shown ?? '')
      if (spki !== undefined) await writeFile(file(der), spki)
      else await succeeds('--read-object', '--type', 'pubkey', '--id', id, '--output-file', seen(der))
      const pem = `${id}.pem`
      await opensslSucceeds('pkey', '-pubin', '-inform', 'DER', '-in', seen(der), '-out', seen(pem))
      return seen(pem)
    },
  }
}

/** The programs of the system: on Debian 12 p11-kit 0.24, which filters many mechanisms. */
export const systemPrograms = (t: ExecutionContext, product: Product): Programs | undefined => {
  const module = requireTool(t, 'p11-kit-client.so')
  if (module === undefined || requireTool(t, 'pkcs11-tool') === undefined || requireTool(t, 'openssl') === undefined) {
    return undefined
  }
  const options = { cwd: product.folder, env: environment(product, product.folder) }
  return programs(t, product, product.file, module, (name, ...words) => run(name, words, options))
}

const TRIXIE_MODULE = '/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so'
const TRIXIE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** The programs of a Debian 13 root, whose p11-kit 0.25 passes what that of Debian 12 filters. */
export const debian13Programs = (t: ExecutionContext, product: Product): Programs | undefined => {
  const root = requireTool(t, 'trixie')
  if (root === undefined) return undefined
  const env = { ...environment(product, '/mnt'), PATH: TRIXIE_PATH }
  return programs(
    t,
    product,
    (name) => `/mnt/${name}`,
    TRIXIE_MODULE,
    (name, ...words) => {
      const [command, args] = inTrixie(root, product.folder, [name, ...words])
      return run(command, args, { env })
    },
  )
}

/** Options that read one file of the folder and write another. */
export const files = ({ seen }: Programs, input: string, output: string): Words => [
  '--input-file',
  seen(input),
  '--output-file',
  seen(output),
]
