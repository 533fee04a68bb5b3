import { createPublicKey, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import test, { type ExecutionContext } from 'ava'
import { curveOfEcParams, ecPointOf, ecSpki } from '@hsmlab/crypto'
import { type Door, openDoor, PIN, requireTools, type Tools } from './door.ts'

type Bench = Door & Tools & Readonly<{ tool: Door['succeeds']; asUser: Door['succeeds'] }>

/** A door and `pkcs11-tool` before it; nothing when a tool is missing. */
const onBench = (run: (t: ExecutionContext, bench: Bench) => Promise<void>) => async (t: ExecutionContext) => {
  const tools = requireTools(t)
  if (tools === undefined) return
  const door = await openDoor(t)
  const tool: Door['succeeds'] = (...args) => door.succeeds(tools.pkcs11Tool, '--module', tools.module, ...args)
  const asUser: Door['succeeds'] = (...args) => tool('--login', '--pin', PIN, ...args)
  await run(t, { ...door, ...tools, tool, asUser })
}

/** The public key of an RSA pair as OpenSSL reads it. */
const exportRsaKey = ({ tool, succeeds, openssl, file }: Bench, id: string): string => {
  tool('--read-object', '--type', 'pubkey', '--id', id, '--output-file', file(`${id}.der`))
  succeeds(openssl, 'pkey', '-pubin', '-inform', 'DER', '-in', file(`${id}.der`), '-out', file(`${id}.pem`))
  return file(`${id}.pem`)
}

/** pkcs11-tool 0.23 exports no public key above P-256, but it shows its point and curve. */
const exportEcKey = async ({ tool, file }: Bench, id: string): Promise<string> => {
  const { text } = tool('--list-objects', '--type', 'pubkey', '--id', id)
  const shown = (name: string): Uint8Array =>
    new Uint8Array(Buffer.from(new RegExp(`${name}: +([0-9a-f]+)`).exec(text)?.[1] ?? '', 'hex'))
  const curve = curveOfEcParams(shown('EC_PARAMS'))
  const point = ecPointOf(shown('EC_POINT'))
  if (curve === undefined || point === undefined) throw new Error(`no public key in ${text}`)
  const key = createPublicKey({ key: Buffer.from(ecSpki(curve, point)), format: 'der', type: 'spki' })
  await writeFile(file(`${id}.pem`), key.export({ format: 'pem', type: 'spki' }))
  return file(`${id}.pem`)
}

const generatePair = ({ asUser }: Bench, type: string, id: string) =>
  asUser('--keypairgen', '--key-type', type, '--label', `pair ${id}`, '--id', id, '--private', '--usage-sign')

test.serial(
  'pkcs11-tool sees one slot with a token, and its mechanisms',
  onBench(async (t, { tool }) => {
    const slots = tool('--list-slots').text
    t.regex(slots, /token label +: hsm1/)
    t.is(slots.match(/^Slot /gm)?.length, 1)
    t.regex(tool('--list-mechanisms').text, /ECDSA, keySize=\{224,521\}, hw, sign, verify/)
  }),
)

for (const [type, id] of [
  ['EC:prime256v1', '01'],
  ['EC:secp384r1', '02'],
] as const) {
  test.serial(
    `pkcs11-tool makes a key pair of type ${type} and signs; OpenSSL verifies`,
    onBench(async (t, bench) => {
      const { asUser, succeeds, openssl, file } = bench
      generatePair(bench, type, id)
      await writeFile(file('message'), 'a message')
      succeeds(openssl, 'dgst', '-sha256', '-binary', '-out', file('digest'), file('message'))
      const files = ['--input-file', file('digest'), '--output-file', file('signature')]
      asUser('--sign', '--mechanism', 'ECDSA', '--id', id, '--signature-format', 'openssl', ...files)
      const publicKey = await exportEcKey(bench, id)
      const verify = ['-verify', publicKey, '-signature', file('signature'), file('message')]
      t.regex(succeeds(openssl, 'dgst', '-sha256', ...verify).text, /Verified OK/)
      const check = ['--input-file', file('digest'), '--signature-file', file('signature')]
      const verdict = asUser('--verify', '--mechanism', 'ECDSA', '--id', id, '--signature-format', 'openssl', ...check)
      t.regex(verdict.text, /Signature is valid/)
    }),
  )
}

test.serial(
  'pkcs11-tool makes an RSA key pair and signs short and long files; OpenSSL verifies',
  onBench(async (t, bench) => {
    const { asUser, succeeds, openssl, file } = bench
    generatePair(bench, 'rsa:2048', '03')
    const publicKey = exportRsaKey(bench, '03')
    for (const bytes of [10, 200_000]) {
      await writeFile(file('message'), randomBytes(bytes))
      const files = ['--input-file', file('message'), '--output-file', file('signature')]
      asUser('--sign', '--mechanism', 'SHA256-RSA-PKCS', '--id', '03', ...files)
      const verify = ['-verify', publicKey, '-signature', file('signature'), file('message')]
      t.regex(succeeds(openssl, 'dgst', '-sha256', ...verify).text, /Verified OK/)
    }
  }),
)

test.serial(
  'pkcs11-tool decrypts with RSA-OAEP what OpenSSL encrypted',
  onBench(async (t, bench) => {
    const { asUser, succeeds, openssl, file } = bench
    asUser('--keypairgen', '--key-type', 'rsa:2048', '--label', 'oaep', '--id', '04', '--private', '--usage-decrypt')
    const publicKey = exportRsaKey(bench, '04')
    await writeFile(file('plain'), 'for the HSM only')
    const oaep = ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256', 'rsa_mgf1_md:sha256'].flatMap((o) => ['-pkeyopt', o])
    const files = ['-in', file('plain'), '-out', file('cipher')]
    succeeds(openssl, 'pkeyutl', '-encrypt', '-pubin', '-inkey', publicKey, ...oaep, ...files)
    const hash = ['--hash-algorithm', 'SHA256', '--mgf', 'MGF1-SHA256']
    const input = ['--input-file', file('cipher')]
    const { stdout } = asUser('--decrypt', '--mechanism', 'RSA-PKCS-OAEP', '--id', '04', ...hash, ...input)
    t.true(stdout.toString().endsWith('for the HSM only'))
  }),
)

test.serial(
  'pkcs11-tool makes an AES key, lists it, encrypts and decrypts with it, and deletes it',
  onBench(async (t, { asUser, file }) => {
    asUser('--keygen', '--key-type', 'AES:32', '--label', 'blue', '--id', '05', '--private')
    t.regex(asUser('--list-objects').text, /Secret Key Object; AES length 32\s+label: +blue/)
    await writeFile(file('plain'), 'two whole blocks, 32 characters.')
    const encrypt = ['--input-file', file('plain'), '--output-file', file('cipher')]
    asUser('--encrypt', '--mechanism', 'AES-ECB', '--id', '05', ...encrypt)
    const { stdout } = asUser('--decrypt', '--mechanism', 'AES-ECB', '--id', '05', '--input-file', file('cipher'))
    t.true(stdout.toString().endsWith('two whole blocks, 32 characters.'))
    asUser('--delete-object', '--type', 'secrkey', '--id', '05')
    t.notRegex(asUser('--list-objects').text, /Secret Key Object/)
  }),
)

test.serial(
  'pkcs11-tool draws random bytes, and hashes',
  onBench(async (t, { tool, asUser, file }) => {
    asUser('--generate-random', '64', '--output-file', file('random'))
    await writeFile(file('message'), 'abc')
    tool('--hash', '--mechanism', 'SHA256', '--input-file', file('message'), '--output-file', file('digest'))
    t.is((await readFile(file('random'))).length, 64)
    t.is(
      (await readFile(file('digest'))).toString('hex'),
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  }),
)

test.serial(
  'a wrong PIN is refused, and so is a PIN without a user',
  onBench(async (t, { run, pkcs11Tool, module }) => {
    const login = (pin: string) => run(pkcs11Tool, '--module', module, '--login', '--pin', pin, '--list-objects')
    t.regex(login('user1:wrong').text, /CKR_PIN_INCORRECT/)
    t.regex(login('password1').text, /CKR_ARGUMENTS_BAD/)
  }),
)

test.serial(
  'CloudHSM refuses keys that are not private, which pkcs11-tool makes unless told',
  onBench(async (t, { run, pkcs11Tool, module }) => {
    const pair = ['--keypairgen', '--key-type', 'EC:prime256v1', '--id', '06']
    const { status, text } = run(pkcs11Tool, '--module', module, '--login', '--pin', PIN, ...pair)
    t.is(status, 1)
    t.regex(text, /CKR_ATTRIBUTE_VALUE_INVALID/)
  }),
)

test.serial(
  'a program sees the public keys without a login, and no private one',
  onBench(async (t, bench) => {
    generatePair(bench, 'EC:prime256v1', '07')
    const { text } = bench.tool('--list-objects')
    t.regex(text, /Public Key Object; EC/)
    t.notRegex(text, /Private Key Object/)
  }),
)
