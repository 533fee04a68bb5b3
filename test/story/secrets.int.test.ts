import { createCipheriv, createPrivateKey, createPublicKey, type KeyObject, pbkdf2Sync, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import test, { type ExecutionContext } from 'ava'
import { ecSec1, type KeyMaterial } from '@hsmlab/crypto'
import type { KeyRecord } from '@hsmlab/domain'
import { eavesdrop, type Heard } from '../support/bus/eavesdropper.ts'
import { agreement, hsmsOf, replaceHsm, succeeds } from '../support/cluster.ts'
import { overNats, startNats } from '../support/nats.ts'
import { files, type Programs, systemPrograms } from '../support/pkcs11.ts'
import { ADMIN, type As, makeHome, type Product, up, type Words } from '../support/product.ts'
import type { Ran } from '../support/run.ts'
import { filesIn, printed, saidOnBus } from '../support/secrets/haystacks.ts'
import { findSecrets, planted, type Secret } from '../support/secrets/needles.ts'
import { type OpenedHsm, openHsms, rawPrivateKey, sealingKeyOf } from '../support/secrets/opened-hsm.ts'
import { connectProgram, mechanism } from '../support/wire-program.ts'

/** Letters and digits that stand nowhere else; 8 to 32 characters are a password, and no colon. */
const canary = (): string => `C${randomBytes(15).toString('hex').slice(0, 23)}`

const PASSWORDS = {
  first: canary(),
  changed: canary(),
  'set by the admin': canary(),
  "the admin's own": canary(),
  'wrong at pkcs11-tool': canary(),
  'wrong at cloudhsm-cli': canary(),
  'of nobody': canary(),
  'too long': `${canary()}${canary()}`,
  'without a user': canary(),
  'of a user who was deleted': canary(),
}
const ADMIN_NOW: As = { role: 'admin', pin: `admin:${PASSWORDS["the admin's own"]}` }
const alice = (password: string): As => ({ role: 'crypto-user', pin: `alice:${password}` })
const ALICE = alice(PASSWORDS['set by the admin'])

type Bench = Readonly<{ product: Product; programs: Programs; ran: Ran[] }>

const cli = async ({ product, ran }: Bench, as: As | undefined, ...words: Words): Promise<Ran> => {
  const done = await product.cloudhsmCli(as, ...words)
  ran.push(done)
  return done
}

/** Passwords that are right, wrong, malformed and changed, at every door. */
const usePasswords = async (t: ExecutionContext, bench: Bench): Promise<void> => {
  const { programs, ran } = bench
  const named = ['--username', 'alice', '--role', 'crypto-user', '--password']
  const change = ['user', 'change-password', ...named]
  const admin = ['--username', 'admin', '--role', 'admin', '--password', PASSWORDS["the admin's own"]]
  for (const [as, ...words] of [
    [ADMIN, 'user', 'change-password', ...admin],
    [ADMIN_NOW, 'user', 'create', ...named, PASSWORDS.first],
    [alice(PASSWORDS.first), ...change, PASSWORDS.changed],
    [ADMIN_NOW, ...change, PASSWORDS['set by the admin']],
    [undefined, 'login', ...named, PASSWORDS['set by the admin']],
    [ADMIN_NOW, 'user', 'create', '--username', 'bob', ...named.slice(2), PASSWORDS['of a user who was deleted']],
    [ADMIN_NOW, 'user', 'delete', '--username', 'bob', '--role', 'crypto-user'],
  ] as const) {
    const done = await cli(bench, as, ...words)
    t.is(done.status, 0, words.slice(0, 2).join(' '))
  }
  for (const [as, ...words] of [
    [alice(PASSWORDS['wrong at cloudhsm-cli']), 'key', 'list'],
    [{ ...ALICE, pin: `nobody:${PASSWORDS['of nobody']}` }, 'key', 'list'],
    [ADMIN_NOW, ...change, PASSWORDS['too long']],
  ] as const) {
    t.not((await cli(bench, as, ...words)).status, 0)
  }
  for (const pin of [`alice:${PASSWORDS['wrong at pkcs11-tool']}`, PASSWORDS['without a user']]) {
    const refused = await programs.tool('--login', '--pin', pin, '--list-objects')
    t.not(refused.status, 0)
    ran.push(refused)
  }
}

type Used = Readonly<{ plain: Buffer; encrypted: Buffer; publicKeys: ReadonlyMap<string, KeyObject> }>

/** Keys of alice, and what real programs did with them. */
const useKeys = async (t: ExecutionContext, bench: Bench): Promise<Used> => {
  const { programs, product, ran } = bench
  const login = ['--login', '--pin', ALICE.pin]
  const publicKeys = new Map<string, KeyObject>()
  for (const [id, type] of [
    ['01', 'EC:prime256v1'],
    ['02', 'rsa:2048'],
  ] as const) {
    const made = ['--keypairgen', '--key-type', type, '--id', id, '--label', type, '--private', '--usage-sign']
    ran.push(await programs.succeeds(...login, ...made))
    publicKeys.set(id, createPublicKey(await readFile(await programs.exportKey(id))))
  }
  await writeFile(product.file('digest'), randomBytes(32))
  const sign = ['--sign', '--mechanism', 'ECDSA', '--id', '01', ...files(programs, 'digest', 'signature')]
  ran.push(await programs.succeeds(...login, ...sign))

  const aes = [
    'key',
    'generate-symmetric',
    'aes',
    '--label',
    'aes',
    '--key-length-bytes',
    '32',
    '--attributes',
    'encrypt=true',
  ]
  t.is((await cli(bench, ALICE, ...aes)).status, 0)
  const program = await connectProgram(product.ready.pkcs11Socket)
  t.teardown(program.close)
  const session = await program.openSession()
  await program.login(session, ALICE.pin)
  const [key = 0] = await program.find(session, { CKA_LABEL: Buffer.from('aes') })
  const plain = randomBytes(32)
  await program.done('C_EncryptInit', session, mechanism('CKM_AES_ECB'), key)
  const encrypted = await program.done('C_Encrypt', session, plain, 64)
  program.close()
  return { plain, encrypted: Buffer.from(encrypted as Uint8Array), publicKeys }
}

/**
 * A backup of everything is taken, kept and restored; an HSM goes and comes back. Resolves to the key under which the
 * HSM that is gone for good had sealed what it kept.
 */
const shakeCluster = async (t: ExecutionContext, { product }: Bench): Promise<Secret> => {
  const [first, , third] = await hsmsOf(product)
  const sealingKey = await sealingKeyOf(product.data, third?.availabilityZone ?? '', third?.hsmId ?? '')
  await replaceHsm(t, product, third)
  await succeeds(t, product, 'chaos', 'kill-hsm', first?.hsmId ?? '')
  await succeeds(t, product, 'chaos', 'heal')
  await agreement(product, 3)
  return { name: 'the sealing key of a deleted HSM', bytes: sealingKey ?? Buffer.alloc(0) }
}

const privateKeyOf = (material: KeyMaterial): KeyObject | undefined => {
  if (material._tag === 'rsa-private') {
    return createPrivateKey({ key: Buffer.from(material.pkcs8), format: 'der', type: 'pkcs8' })
  }
  if (material._tag !== 'ec-private') return undefined
  const key = Buffer.from(ecSec1(material.curve, material.scalar))
  return createPrivateKey({ key, format: 'der', type: 'sec1' })
}

/** What of a private key is secret. */
const partsOf = (name: string, key: KeyObject): ReadonlyArray<Secret> => {
  const { d, p, q, dp, dq, qi } = key.export({ format: 'jwk' })
  return Object.entries({ d, p, q, dp, dq, qi }).flatMap(([part, text]) =>
    text === undefined ? [] : [{ name: `${part} of ${name}`, bytes: Buffer.from(text, 'base64url') }],
  )
}

const recordOf = ({ state }: OpenedHsm, label: string): KeyRecord => {
  const isPrivate = ({ fixed }: KeyRecord): boolean => fixed.CKA_CLASS !== 'CKO_PUBLIC_KEY'
  const found = [...state.keys.values()].find(
    (record) => record.mutable.CKA_LABEL === Buffer.from(label).toString('base64') && isPrivate(record),
  )
  if (found === undefined) throw new Error(`there is no ${label}`)
  return found
}

const samePublicKey = (key: KeyObject | undefined, other: KeyObject | undefined): boolean =>
  key !== undefined && other !== undefined && createPublicKey(key).equals(other)

/** The keys of alice as one HSM holds them, each proven to be the one that programs used. */
const keysIn = (t: ExecutionContext, hsm: OpenedHsm, { plain, encrypted, publicKeys }: Used): ReadonlyArray<Secret> => {
  const aes = hsm.materialOf(recordOf(hsm, 'aes'))
  if (aes._tag !== 'secret') throw new Error('the AES key is none')
  const cipher = createCipheriv('aes-256-ecb', aes.value, null).setAutoPadding(false)
  t.deepEqual(Buffer.concat([cipher.update(plain), cipher.final()]), encrypted, 'it encrypts as the HSM did')
  const pairs = [
    ['01', 'EC:prime256v1'],
    ['02', 'rsa:2048'],
  ] as const
  return [
    { name: 'the AES key', bytes: Buffer.from(aes.value) },
    ...pairs.flatMap(([id, label]) => {
      const key = privateKeyOf(hsm.materialOf(recordOf(hsm, label)))
      t.true(samePublicKey(key, publicKeys.get(id)), `${label} belongs to its public key`)
      return key === undefined ? [] : partsOf(label, key)
    }),
  ]
}

/** What an HSM keeps for itself, each proven to be what it claims. */
const ownSecrets = (t: ExecutionContext, hsm: OpenedHsm): ReadonlyArray<Secret> => {
  const { hsmId, identity, identityKey, staticKey, maskingKey, clusterKey, verifierOf } = hsm
  for (const [type, raw, shown] of [
    ['ed25519', identityKey, identity.identityKey],
    ['x25519', staticKey, identity.staticKey],
  ] as const) {
    const { x = '' } = createPublicKey(rawPrivateKey(type, raw)).export({ format: 'jwk' })
    t.is(Buffer.from(x, 'base64url').toString('base64'), shown)
  }
  const verifier = verifierOf('alice')
  const [iterations, saltSize] = [verifier.readUInt32BE(0), verifier.readUInt32BE(4)]
  const hash = verifier.subarray(-32)
  const salt = verifier.subarray(8, 8 + saltSize)
  const password = PASSWORDS['set by the admin']
  t.deepEqual(pbkdf2Sync(password, salt, iterations, hash.length, 'sha256'), hash)
  const certified = privateKeyOf(clusterKey)
  t.true(samePublicKey(certified, createPublicKey(hsm.state.clusterCertificate ?? '')), "it is the certificate's key")
  return [
    { name: 'the masking key', bytes: maskingKey },
    { name: `the identity key of ${hsmId}`, bytes: identityKey },
    { name: `the channel key of ${hsmId}`, bytes: staticKey },
    { name: "the hash of alice's password", bytes: hash },
    ...(certified === undefined ? [] : partsOf('the cluster key', certified)),
  ]
}

/** Lives a product's life, stops it, opens its HSMs and looks for everything that is secret in everything it left. */
const looksEverywhere = async (
  t: ExecutionContext,
  product: Product,
  store: string | undefined,
  heard: () => ReadonlyArray<Heard>,
): Promise<void> => {
  const programs = systemPrograms(t, product)
  if (programs === undefined) return
  const bench: Bench = { product, programs, ran: [] }
  await usePasswords(t, bench)
  const used = await useKeys(t, bench)
  const destroyed = await shakeCluster(t, bench)
  const told = [['status'], ['env'], ['replay'], ['replay', '--json'], ['replay', '--verify'], ['audit', 'show']]
  for (const words of told) bench.ran.push(await product.hsmlab(...words))
  bench.ran.push(await cli(bench, ALICE, 'key', 'list', '--verbose'))
  await product.stop()

  const hsms = await openHsms(product.data)
  t.is(hsms.length, 3)
  const passwords = Object.entries(PASSWORDS).map(([name, text]) => ({ name, bytes: Buffer.from(text) }))
  const inside = hsms.flatMap((hsm) => [...keysIn(t, hsm, used), ...ownSecrets(t, hsm)])
  const sealedAway = hsms.flatMap(({ hsmId, deviceKeys: { macKey, sealingKey } }) => [
    { name: `the sealing key of ${hsmId}`, bytes: sealingKey },
    { name: `the MAC key of ${hsmId}`, bytes: macKey },
  ])
  // Three HSMs hold the same keys: each is looked for once.
  const unique = [...passwords, ...inside, destroyed].filter(
    ({ bytes }, i, all) => all.findIndex((each) => each.bytes.equals(bytes)) === i,
  )

  const { output, errors } = product.said()
  const disk = [...(await filesIn(product.data)), ...(store === undefined ? [] : await filesIn(store))]
  const everywhere = [
    ...disk,
    ...saidOnBus(heard()),
    printed(bench.ran),
    { name: 'what the product printed', bytes: Buffer.from(output + errors) },
  ]
  const size = everywhere.reduce((sum, { bytes }) => sum + bytes.length, 0)
  t.log(`${unique.length} secrets, ${disk.length} files, ${heard().length} messages, ${Math.round(size / 1e6)} MB`)
  t.deepEqual(findSecrets(unique, everywhere), [])
  // Whoever copies an HSM's folder with its device.key has the HSM: that file stands for tamper-protected memory.
  const isDeviceKey = (name: string): boolean => name.endsWith('/device.key')
  t.deepEqual(
    findSecrets(
      sealedAway,
      everywhere.filter(({ name }) => !isDeviceKey(name)),
    ),
    [],
  )
  const inCells = findSecrets(
    sealedAway,
    everywhere.filter(({ name }) => isDeviceKey(name)),
  )
  t.is(inCells.length, sealedAway.length, 'they are found where they are')
}

test('what is looked for is found, however it is encoded and wherever it stands', (t) => {
  for (const bytes of [randomBytes(16), randomBytes(32), Buffer.from(canary())]) {
    const secret = { name: 'planted', bytes }
    for (const haystack of planted(secret)) t.true(findSecrets([secret], [haystack]).length > 0, haystack.name)
    t.deepEqual(findSecrets([secret], [{ name: 'noise', bytes: randomBytes(100_000) }]), [])
    for (let shift = 0; shift < 3; shift += 1) {
      const text = Buffer.concat([randomBytes(30 + shift), bytes, randomBytes(7)])
      for (const encoding of ['base64', 'base64url', 'hex'] as const) {
        const encoded = { name: encoding, bytes: Buffer.from(text.toString(encoding)) }
        t.is(findSecrets([secret], [encoded]).length, 1, `${encoding} at ${shift}`)
      }
    }
    for (const text of [JSON.stringify({ bytes }), JSON.stringify({ bytes: Uint8Array.from(bytes) })]) {
      t.is(findSecrets([secret], [{ name: 'JSON', bytes: Buffer.from(text) }]).length, 1)
    }
  }
})

test.serial('over NATS no password and no key stands in a file, a message or an answer', async (t) => {
  const server = await startNats(t)
  if (server === undefined) return
  const { heard } = await eavesdrop(t, server)
  const home = await makeHome(t)
  const product = { ...home, ...(await up(t, home, ...overNats(server))) }
  await looksEverywhere(t, product, server.folder, heard)
  t.true(heard().length > 1000)
})

test.serial('embedded, no password and no key stands in a file or an answer', async (t) => {
  const home = await makeHome(t)
  const product = { ...home, ...(await up(t, home)) }
  await looksEverywhere(t, product, undefined, () => [])
})
