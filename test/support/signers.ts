import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { connect } from 'node:tls'
import type { ExecutionContext } from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { CKA } from '@hsmlab/pkcs11'
import type { Programs } from './pkcs11.ts'
import { PIN, type Product } from './product.ts'
import { killGroup, launch } from './run.ts'
import { requireTool } from './tools.ts'
import { connectProgram, type WireProgram } from './wire-program.ts'

/** Somebody who signs in a loop and verifies each signature. */
export type Signer = Readonly<{
  name: string
  /** Signatures so far. */
  count: () => number
  /** The longest time that one signature took, in milliseconds. */
  longestMillis: () => number
  failures: () => ReadonlyArray<string>
  stop: () => Promise<void>
}>

/** Calls `sign` until it is stopped; `undefined`: it signed, else why it did not. */
const loop = (name: string, sign: () => Promise<string | undefined>): Signer => {
  let stopping = false
  let count = 0
  let longest = 0
  const failures: string[] = []
  const run = async (): Promise<void> => {
    while (!stopping) {
      const begin = performance.now()
      const failure = await sign().catch((cause: unknown) => String(cause))
      longest = Math.max(longest, performance.now() - begin)
      if (failure === undefined) count += 1
      else failures.push(failure)
    }
  }
  const ended = run()
  return {
    name,
    count: () => count,
    longestMillis: () => longest,
    failures: () => failures,
    stop: async () => {
      stopping = true
      await ended
    },
  }
}

const engineConfiguration = (module: string): string => `openssl_conf = openssl_init
[openssl_init]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
MODULE_PATH = ${module}
PIN = ${PIN}
init = 0
[req]
distinguished_name = name
[name]
`

/** Writes the configuration that lets OpenSSL load keys through its pkcs11 engine; undefined where it is missing. */
export const engineEnvironment = async (t: ExecutionContext, { file, env }: Product) => {
  const module = requireTool(t, 'p11-kit-client.so')
  if (module === undefined || requireTool(t, 'openssl pkcs11 engine') === undefined) return undefined
  await writeFile(file('openssl.cnf'), engineConfiguration(module))
  return { ...env, OPENSSL_CONF: file('openssl.cnf') }
}

/** One handshake of TLS 1.3: the server signs, and Node verifies what it signed. */
const handshake = (port: number, ca: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' }, () => socket.end())
    let secured = false
    socket.on('secureConnect', () => (secured = true))
    socket.on('error', (error) => resolve(error.message))
    socket.on('close', () => resolve(secured ? undefined : 'closed before the handshake was done'))
    socket.resume()
  })

/**
 * An unmodified program that lives long and signs through PKCS#11: OpenSSL's TLS server, its key in the HSMs. Somebody
 * shakes hands with it again and again.
 */
export const tlsServerSigner = async (
  t: ExecutionContext,
  product: Product,
  { asUser }: Programs,
): Promise<Signer | undefined> => {
  const env = await engineEnvironment(t, product)
  if (env === undefined) return undefined
  await asUser('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'tls', '--id', 'f0', '--private')
  const key = ['-engine', 'pkcs11', '-keyform', 'engine', '-key', 'pkcs11:token=hsm1;object=tls']
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const certify = launch('openssl', ['req', ...key, '-new', '-x509', ...subject], { env })
  certify.stdin.end()
  const pem: Buffer[] = []
  certify.stdout.on('data', (chunk: Buffer) => pem.push(chunk))
  await once(certify, 'close')
  const certificate = Buffer.concat(pem).toString()
  await writeFile(product.file('tls.pem'), certificate)

  const options = ['-cert', product.file('tls.pem'), '-accept', '127.0.0.1:0', '-tls1_3']
  const server = launch('openssl', ['s_server', ...key, ...options], { env })
  t.teardown(() => killGroup(server))
  server.stderr.resume()
  let port = 0
  for await (const line of createInterface(server.stdout)) {
    port = Number(/^ACCEPT .*:(\d+)$/.exec(line)?.[1] ?? 0)
    if (port > 0) break
  }
  server.stdout.resume()
  return loop('openssl s_server', () => handshake(port, certificate))
}

const POINT_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex')

/** One connection with several sessions, each signing as fast as it can with a pair of its own. */
export const wireSigners = async (
  t: ExecutionContext,
  { ready }: Product,
  sessions: number,
): Promise<ReadonlyArray<Signer>> => {
  const program = await connectProgram(ready.pkcs11Socket)
  t.teardown(program.close)
  const first = await program.openSession()
  await program.login(first)
  return Promise.all(Array.from({ length: sessions }, async (_, i) => sessionSigner(program, `session ${i}`)))
}

const sessionSigner = async (program: WireProgram, name: string): Promise<Signer> => {
  const session = await program.openSession()
  const [publicKey, privateKey] = await program.generateEc(session, { CKA_TOKEN: true })
  const read = await program.done('C_GetAttributeValue', session, publicKey, [{ type: CKA.CKA_EC_POINT, room: 256 }])
  const point = Buffer.from(read.attributes[0]?.value as Uint8Array).subarray(2)
  const key = createPublicKey({ key: Buffer.concat([POINT_PREFIX, point]), format: 'der', type: 'spki' })
  return loop(name, async () => {
    const message = randomBytes(32)
    const digest = createHash('sha256').update(message).digest()
    const signature = await program.signDigest(session, privateKey, digest)
    if (E.isLeft(signature)) return signature.left
    return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature.right) ? undefined : 'not verified'
  })
}

/** A new `pkcs11-tool` for each signature. */
export const pkcs11ToolSigner = async (product: Product, programs: Programs): Promise<Signer> => {
  const { asUser, tool, seen } = programs
  await asUser('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'tool', '--id', 'f1', '--private')
  await writeFile(product.file('tool-digest'), randomBytes(32))
  const files = ['--input-file', seen('tool-digest'), '--output-file', seen('tool-signature')]
  return loop('pkcs11-tool', async () => {
    const ran = await tool('--login', '--pin', PIN, '--sign', '--mechanism', 'ECDSA', '--id', 'f1', ...files)
    return ran.status === 0 ? undefined : ran.text
  })
}
