import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import test, { type ExecutionContext } from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { CKA, CKM } from '@hsmlab/pkcs11'
import { debian13Programs, files, type Programs, systemPrograms } from '../support/pkcs11.ts'
import { ADMIN, PIN, type Product, startProduct, type Words } from '../support/product.ts'
import { requireTool } from '../support/tools.ts'
import { connectProgram } from '../support/wire-program.ts'

type Bench = Product & Programs
type Open = (t: ExecutionContext, product: Product) => Programs | undefined

const onBench =
  (open: Open, body: (t: ExecutionContext, bench: Bench) => Promise<void>) => async (t: ExecutionContext) => {
    const product = await startProduct(t)
    const programs = open(t, product)
    if (programs !== undefined) await body(t, { ...product, ...programs })
  }

const onDebian12 = (body: (t: ExecutionContext, bench: Bench) => Promise<void>) => onBench(systemPrograms, body)
const onDebian13 = (body: (t: ExecutionContext, bench: Bench) => Promise<void>) => onBench(debian13Programs, body)

const pair = ({ asUser }: Bench, type: string, id: string, ...usage: Words) =>
  asUser('--keypairgen', '--key-type', type, '--label', `pair ${id}`, '--id', id, '--private', ...usage)

const verified = async (t: ExecutionContext, { openssl, seen }: Bench, options: Words, key: string): Promise<void> => {
  const given = ['-verify', key, '-signature', seen('signature'), seen('message')]
  t.regex(await openssl('dgst', ...options, ...given), /Verified OK/)
}

test.serial(
  'a program sees exactly one slot with a token, its mechanisms, and random bytes',
  onDebian12(async (t, bench) => {
    const { succeeds, asUser, tool, seen, file } = bench
    const { text: slots } = await succeeds('--list-slots')
    t.is(slots.match(/^Slot /gm)?.length, 1)
    t.regex(slots, /token label +: hsm1/)
    t.regex(slots, /token flags +: login required, rng, token initialized, PIN initialized/)
    const { text: mechanisms } = await succeeds('--list-mechanisms')
    for (const row of [
      'RSA-PKCS-KEY-PAIR-GEN, keySize={2048,4096}, hw, generate_key_pair',
      'ECDSA-KEY-PAIR-GEN, keySize={224,521}, hw, generate_key_pair',
      'AES-KEY-GEN, keySize={16,32}, hw, generate',
      'ECDSA, keySize={224,521}, hw, sign, verify',
      'RSA-PKCS, keySize={2048,4096}, hw, sign, verify',
      'RSA-PKCS-PSS, keySize={2048,4096}, hw, sign, verify',
      'RSA-PKCS-OAEP, keySize={2048,4096}, hw, encrypt, decrypt',
      'SHA256-RSA-PKCS, keySize={2048,4096}, hw, sign, verify',
      'AES-ECB, keySize={16,32}, hw, encrypt, decrypt',
      'SHA256-HMAC',
      'SHA512, digest',
    ]) {
      t.true(mechanisms.includes(row), row)
    }
    for (const name of ['once', 'again']) await asUser('--generate-random', '64', '--output-file', seen(name))
    const [once, again] = await Promise.all(['once', 'again'].map((name) => readFile(file(name))))
    t.is(once?.length, 64)
    t.notDeepEqual(once, again)
    t.not((await tool('--generate-random', '64')).status, 0, 'CloudHSM wants a crypto user')
    await writeFile(file('message'), 'abc')
    await succeeds('--hash', '--mechanism', 'SHA256', ...files(bench, 'message', 'digest'))
    // FIPS 180-4's example.
    t.is((await readFile(file('digest'))).toString('hex').slice(0, 16), 'ba7816bf8f01cfea')
  }),
)

test.serial(
  'pairs on P-256 and P-384 sign, and plain OpenSSL verifies; what was altered is not verified',
  onDebian12(async (t, bench) => {
    const { asUser, tool, openssl, seen, file, exportKey } = bench
    for (const [type, id, hash] of [
      ['EC:prime256v1', '01', '-sha256'],
      ['EC:secp384r1', '02', '-sha384'],
    ] as const) {
      await pair(bench, type, id, '--usage-sign')
      await writeFile(file('message'), randomBytes(1000))
      await openssl('dgst', hash, '-binary', '-out', seen('digest'), seen('message'))
      const ecdsa = ['--mechanism', 'ECDSA', '--id', id, '--signature-format', 'openssl']
      await asUser('--sign', ...ecdsa, ...files(bench, 'digest', 'signature'))
      await verified(t, bench, [hash], await exportKey(id))
      const check = ['--verify', ...ecdsa, '--input-file', seen('digest'), '--signature-file', seen('signature')]
      t.regex((await asUser(...check)).text, /Signature is valid/)
      await writeFile(file('digest'), randomBytes(32))
      t.regex((await tool('--login', '--pin', PIN, ...check)).text, /Invalid signature/)
    }
  }),
)

test.serial(
  'RSA pairs of 2048, 3072 and 4096 bits sign and decrypt, and plain OpenSSL does the other half',
  onDebian12(async (t, bench) => {
    const { asUser, openssl, seen, file, exportKey } = bench
    for (const [bits, id] of [
      ['2048', '03'],
      ['3072', '04'],
      ['4096', '05'],
    ] as const) {
      await pair(bench, `rsa:${bits}`, id, '--usage-sign', '--usage-decrypt')
      const key = await exportKey(id)
      t.regex(
        await openssl('pkey', '-pubin', '-in', key, '-noout', '-text'),
        new RegExp(`Public-Key: \\(${bits} bit\\)`),
      )
      await writeFile(file('message'), randomBytes(100_000))
      for (const [mechanism, hash] of [
        ['SHA1-RSA-PKCS', '-sha1'],
        ['SHA256-RSA-PKCS', '-sha256'],
        ['SHA512-RSA-PKCS', '-sha512'],
      ] as const) {
        await asUser('--sign', '--mechanism', mechanism, '--id', id, ...files(bench, 'message', 'signature'))
        t.is((await stat(file('signature'))).size, Number(bits) / 8)
        await verified(t, bench, [hash], key)
      }
      await openssl('dgst', '-sha256', '-binary', '-out', seen('digest'), seen('message'))
      const pss = ['--mechanism', 'RSA-PKCS-PSS', '--hash-algorithm', 'SHA256', '--salt-len', '32', '--id', id]
      await asUser('--sign', ...pss, ...files(bench, 'digest', 'signature'))
      await verified(t, bench, ['-sha256', '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32'], key)

      await writeFile(file('plain'), 'for the HSM only')
      const oaep = ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256', 'rsa_mgf1_md:sha256'].flatMap((o) => ['-pkeyopt', o])
      const encrypt = ['pkeyutl', '-encrypt', '-pubin', '-inkey', key, ...oaep]
      await openssl(...encrypt, '-in', seen('plain'), '-out', seen('cipher'))
      const decrypt = ['--mechanism', 'RSA-PKCS-OAEP', '--hash-algorithm', 'SHA256', '--mgf', 'MGF1-SHA256', '--id', id]
      await asUser('--decrypt', ...decrypt, ...files(bench, 'cipher', 'again'))
      t.is(await readFile(file('again'), 'utf8'), 'for the HSM only')
    }
  }),
)

test.serial(
  'AES and HMAC keys are made, listed, used and deleted',
  onDebian12(async (t, bench) => {
    const { asUser, tool, file, seen } = bench
    await asUser('--keygen', '--key-type', 'AES:32', '--label', 'blue', '--id', '06', '--private', '--sensitive')
    await asUser('--keygen', '--key-type', 'GENERIC:32', '--label', 'red', '--id', '07', '--private', '--usage-sign')
    const { text: listed } = await asUser('--list-objects')
    t.regex(listed, /Secret Key Object; AES length 32\s+label: +blue/)
    t.regex(listed, /Secret Key Object; Generic secret length 32\s+label: +red/)

    const plain = 'two whole blocks, 32 characters.'
    await writeFile(file('plain'), plain.repeat(100))
    await asUser('--encrypt', '--mechanism', 'AES-ECB', '--id', '06', ...files(bench, 'plain', 'cipher'))
    await asUser('--decrypt', '--mechanism', 'AES-ECB', '--id', '06', ...files(bench, 'cipher', 'again'))
    t.is(await readFile(file('again'), 'utf8'), plain.repeat(100))
    for (const [mechanism, size] of [
      ['SHA-1-HMAC', 20],
      ['SHA256-HMAC', 32],
      ['SHA512-HMAC', 64],
    ] as const) {
      const mac = ['--mechanism', mechanism, '--id', '07']
      await asUser('--sign', ...mac, ...files(bench, 'plain', 'mac'))
      t.is((await stat(file('mac'))).size, size)
      const check = ['--input-file', seen('plain'), '--signature-file', seen('mac')]
      t.regex((await asUser('--verify', ...mac, ...check)).text, /Signature is valid/)
    }
    const value = await tool('--login', '--pin', PIN, '--read-object', '--type', 'secrkey', '--id', '06')
    t.not(value.status, 0)
    t.regex(value.text, /CKR_ATTRIBUTE_SENSITIVE/)

    for (const id of ['06', '07']) await asUser('--delete-object', '--type', 'secrkey', '--id', id)
    t.notRegex((await asUser('--list-objects')).text, /Secret Key Object/)
    const gone = await tool(
      '--login',
      '--pin',
      PIN,
      '--encrypt',
      '--mechanism',
      'AES-ECB',
      '--id',
      '06',
      ...files(bench, 'plain', 'cipher'),
    )
    t.not(gone.status, 0)
  }),
)

test.serial(
  'wrong PINs and weak keys are refused, and leave nothing behind',
  onDebian12(async (t, { tool }) => {
    const login = async (pin: string) => (await tool('--login', '--pin', pin, '--list-objects')).text
    t.regex(await login('user1:wrongpass'), /CKR_PIN_INCORRECT/)
    t.regex(await login('nobody:password1'), /CKR_PIN_INCORRECT/)
    t.regex(await login('password1'), /CKR_ARGUMENTS_BAD/)
    const weak = await tool(
      '--login',
      '--pin',
      PIN,
      '--keypairgen',
      '--key-type',
      'rsa:1024',
      '--id',
      '08',
      '--private',
    )
    t.regex(weak.text, /CKR_ATTRIBUTE_VALUE_INVALID|CKR_KEY_SIZE_RANGE/)
    t.notRegex((await tool('--login', '--pin', PIN, '--list-objects')).text, /Object;/)
  }),
)

test.serial(
  "another user's keys are invisible, but for the public ones, which a program sees without a login too",
  onDebian12(async (t, bench) => {
    const { tool, succeeds, asUser, cloudhsmCli } = bench
    await cloudhsmCli(ADMIN, 'user', 'create', '--username', 'bob', '--role', 'crypto-user', '--password', 'password2')
    await pair(bench, 'EC:prime256v1', '09', '--usage-sign')
    await asUser('--keygen', '--key-type', 'AES:32', '--label', 'blue', '--id', '0a', '--private')
    const asBob = (...words: Words) => tool('--login', '--pin', 'bob:password2', ...words)
    for (const { text } of [await succeeds('--list-objects'), await asBob('--list-objects')]) {
      t.regex(text, /Public Key Object; EC/)
      t.notRegex(text, /Private Key Object|Secret Key Object/)
    }
    t.regex((await asUser('--list-objects')).text, /Private Key Object/)
    const stolen = await asBob('--sign', '--mechanism', 'ECDSA', '--id', '09')
    t.not(stolen.status, 0)
    t.regex(stolen.text, /not found/)
    t.not((await asBob('--delete-object', '--type', 'pubkey', '--id', '09')).status, 0)
    t.regex((await succeeds('--list-objects')).text, /Public Key Object; EC/)
  }),
)

test.serial(
  'what Debian 12 filters passes on Debian 13: hashed ECDSA and hashed PSS',
  onDebian13(async (t, bench) => {
    const { asUser, tool, file, exportKey } = bench
    await writeFile(file('message'), randomBytes(1000))
    for (const [curve, id] of [
      ['prime256v1', '01'],
      ['secp384r1', '02'],
    ] as const) {
      await pair(bench, `EC:${curve}`, id, '--usage-sign')
      const key = await exportKey(id)
      for (const bits of ['256', '384', '512']) {
        const options = ['--mechanism', `ECDSA-SHA${bits}`, '--id', id, '--signature-format', 'openssl']
        const sign = ['--login', '--pin', PIN, '--sign', ...options, ...files(bench, 'message', 'signature')]
        const signed = await tool(...sign)
        if (curve === 'secp384r1' && bits === '256') {
          t.regex(signed.text, /CKR_MECHANISM_INVALID/, 'the hash is weaker than the curve')
        } else {
          t.is(signed.status, 0, signed.text)
          await verified(t, bench, [`-sha${bits}`], key)
        }
      }
    }
    await pair(bench, 'rsa:2048', '03', '--usage-sign')
    const key = await exportKey('03')
    for (const [bits, salt] of [
      ['256', '32'],
      ['384', '48'],
      ['512', '64'],
    ] as const) {
      const sign = ['--sign', '--mechanism', `SHA${bits}-RSA-PKCS-PSS`, '--salt-len', salt, '--id', '03']
      await asUser(...sign, ...files(bench, 'message', 'signature'))
      const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', `rsa_pss_saltlen:${salt}`]
      await verified(t, bench, [`-sha${bits}`, ...pss], key)
    }
  }),
)

test.serial(
  'AES in CBC, CTR and GCM agrees with what AES in ECB makes of the same blocks',
  onDebian13(async (t, bench) => {
    const { asUser, file } = bench
    await asUser('--keygen', '--key-type', 'AES:32', '--id', '04', '--private', '--usage-decrypt')
    const encrypt = async (plain: Buffer, ...mechanism: Words): Promise<Buffer> => {
      await writeFile(file('plain'), plain)
      await asUser('--encrypt', '--id', '04', '--mechanism', ...mechanism, ...files(bench, 'plain', 'cipher'))
      const cipher = await readFile(file('cipher'))
      await asUser('--decrypt', '--id', '04', '--mechanism', ...mechanism, ...files(bench, 'cipher', 'again'))
      t.deepEqual(await readFile(file('again')), plain, mechanism.join(' '))
      return cipher
    }
    const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)))
    const [plain, iv] = [randomBytes(16), randomBytes(16)]
    const withIv = ['--iv', iv.toString('hex')]
    // SP 800-38A §6.2: C1 = E(P1 xor IV).
    const expected = await encrypt(xor(plain, iv), 'AES-ECB')
    t.deepEqual(await encrypt(plain, 'AES-CBC', ...withIv), expected)
    t.deepEqual((await encrypt(plain, 'AES-CBC-PAD', ...withIv)).subarray(0, 16), expected)
    // SP 800-38A §6.5: C1 = P1 xor E(T1). pkcs11-tool knows no CTR.
    const stream = await encrypt(iv, 'AES-ECB')
    const program = await connectProgram(bench.ready.pkcs11Socket)
    t.teardown(program.close)
    const session = await program.openSession()
    await program.login(session)
    const [key = 0] = await program.find(session, { CKA_ID: Buffer.from('04', 'hex') })
    const parameter = { _tag: 'ctr', counterBits: 128, counterBlock: iv } as const
    for (const [name, input, output] of [
      ['Encrypt', plain, xor(plain, stream)],
      ['Decrypt', xor(plain, stream), plain],
    ] as const) {
      await program.done(`C_${name}Init`, session, { type: CKM.CKM_AES_CTR, parameter }, key)
      t.deepEqual(Buffer.from((await program.done(`C_${name}`, session, input, 64)) as Uint8Array), output)
    }
    // SP 800-38D §7.1: the first counter block is IV || 2 when the IV has 96 bits.
    const nonce = randomBytes(12)
    const counter = await encrypt(Buffer.concat([nonce, Buffer.from('00000002', 'hex')]), 'AES-ECB')
    const gcm = ['AES-GCM', '--iv', nonce.toString('hex'), '--aad', '00112233', '--tag-bits-len', '128']
    const sealed = await encrypt(plain, ...gcm)
    t.is(sealed.length, 32)
    t.deepEqual(sealed.subarray(0, 16), xor(plain, counter))
  }),
)

test.serial('session keys end with their session, and no other program sees them', async (t) => {
  const product = await startProduct(t)
  const path = product.ready.pkcs11Socket
  const [one, other] = [await connectProgram(path), await connectProgram(path)]
  t.teardown(one.close)
  t.teardown(other.close)
  const session = await one.openSession()
  await one.login(session)
  const elsewhere = await other.openSession()
  await other.login(elsewhere)
  const label = { CKA_LABEL: Buffer.from('passing') }
  const key = await one.generateAes(session, { ...label, CKA_TOKEN: false, CKA_ENCRYPT: true })
  const kept = await one.generateAes(session, { CKA_LABEL: Buffer.from('kept'), CKA_TOKEN: true, CKA_ENCRYPT: true })
  t.deepEqual(await one.find(session, label), [key])
  t.deepEqual(await other.find(elsewhere, label), [])
  t.is((await other.find(elsewhere, { CKA_LABEL: Buffer.from('kept') })).length, 1)

  const read = await one.done('C_GetAttributeValue', session, key, [{ type: CKA.CKA_VALUE, room: 64 }])
  t.is(read.code, 'CKR_ATTRIBUTE_SENSITIVE')
  t.deepEqual(read.attributes, [{ type: CKA.CKA_VALUE, length: undefined, value: undefined }])

  const second = await one.openSession()
  await one.done('C_CloseSession', session)
  t.deepEqual(await one.find(second, label), [])
  t.deepEqual(await one.find(second, { CKA_LABEL: Buffer.from('kept') }), [kept])
  t.true(E.isLeft(await one.call('C_DestroyObject', second, key)))
})

test.serial('a signature of one long-lived connection verifies, whichever HSM made it', async (t) => {
  const product = await startProduct(t)
  const program = await connectProgram(product.ready.pkcs11Socket, 0)
  t.teardown(program.close)
  const session = await program.openSession()
  await program.login(session)
  const [publicKey, privateKey] = await program.generateEc(session, { CKA_TOKEN: true })
  const read = await program.done('C_GetAttributeValue', session, publicKey, [{ type: CKA.CKA_EC_POINT, room: 256 }])
  const point = Buffer.from(read.attributes[0]?.value as Uint8Array).subarray(2)
  const spki = Buffer.concat([Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex'), point])
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  for (let i = 0; i < 60; i += 1) {
    const message = randomBytes(100)
    const digest = createHash('sha256').update(message).digest()
    const signature = await program.signDigest(session, privateKey, digest)
    if (E.isLeft(signature)) return t.fail(signature.left)
    t.true(verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature.right))
  }
})

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

for (const [type, label] of [
  ['rsa:2048', 'rsa'],
  ['EC:prime256v1', 'ec'],
] as const) {
  test.serial(
    `OpenSSL's pkcs11 engine signs files and a certificate with a key of type ${type}`,
    onDebian12(async (t, bench) => {
      const module = requireTool(t, 'p11-kit-client.so')
      if (module === undefined || requireTool(t, 'openssl pkcs11 engine') === undefined) return
      const { asUser, openssl, file } = bench
      await asUser('--keypairgen', '--key-type', type, '--label', label, '--id', '0b', '--private')
      await writeFile(file('message'), randomBytes(1000))
      await writeFile(file('openssl.cnf'), engineConfiguration(module))
      const engine = ['-engine', 'pkcs11', '-keyform', 'engine']
      const key = `pkcs11:token=hsm1;object=${label}`
      const withEngine = async (...words: Words) => {
        const { status, text } = await bench.command('env', `OPENSSL_CONF=${file('openssl.cnf')}`, 'openssl', ...words)
        t.is(status, 0, text)
      }
      await withEngine('dgst', ...engine, '-sha256', '-sign', key, '-out', file('signature'), file('message'))
      await verified(t, bench, ['-sha256'], await bench.exportKey('0b'))
      const subject = ['-subj', '/CN=hsmlab', '-out', file('certificate.pem')]
      await withEngine('req', ...engine, '-new', '-x509', '-key', key, ...subject)
      t.regex(await openssl('verify', '-CAfile', file('certificate.pem'), file('certificate.pem')), /OK/)
      t.is(
        await openssl('x509', '-in', file('certificate.pem'), '-noout', '-pubkey'),
        await readFile(await bench.exportKey('0b'), 'utf8'),
      )
    }),
  )
}
