import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { CKG, CKM, type Mechanism, NO_PARAMETER } from '@hsmlab/pkcs11'
import { CURVE_NAMES, ecdsaSigValue, ecSpki, type KeyMaterial, rsaSpki } from '@hsmlab/crypto'
import { RSA_FIXTURES } from '@hsmlab/crypto/noble'
import { opensslEngine } from '../../src/index.ts'

const engine = opensslEngine()
test.after.always(() => engine.close())

const MESSAGE = Buffer.from('to be signed')

const signed = async (material: KeyMaterial, mechanism: Mechanism): Promise<Uint8Array> => {
  const key = engine.open(material)
  if (key._tag === 'Left') throw new Error(key.left._tag)
  const signature = await engine.sign(key.right, mechanism, MESSAGE)
  if (signature._tag === 'Left') throw new Error(signature.left._tag)
  return signature.right
}

/** `openssl dgst -verify` in a folder of its own. */
const verifies = (
  t: ExecutionContext,
  spki: Uint8Array,
  signature: Uint8Array,
  options: ReadonlyArray<string>,
): string => {
  const folder = mkdtempSync(join(tmpdir(), 'hsmlab-openssl-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const files = { key: spki, signature, message: MESSAGE }
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes)
  const command = ['dgst', '-keyform', 'DER', '-verify', 'key', '-signature', 'signature', ...options, 'message']
  return execFileSync('openssl', command, { cwd: folder, encoding: 'utf8' }).trim()
}

for (const curve of CURVE_NAMES) {
  test(`the openssl command verifies our ${curve} signatures`, async (t) => {
    const { scalar, point } = engine.generateEc(curve)
    const mechanism = { type: CKM.CKM_ECDSA_SHA256, parameter: NO_PARAMETER }
    const signature = await signed({ _tag: 'ec-private', curve, scalar }, mechanism)
    t.is(verifies(t, ecSpki(curve, point), ecdsaSigValue(signature), ['-sha256']), 'Verified OK')
  })
}

test('the openssl command verifies our RSA signatures', async (t) => {
  const { pkcs8, modulus, publicExponent } = RSA_FIXTURES[0]!
  const material = { _tag: 'rsa-private', pkcs8 } as const
  const spki = rsaSpki(modulus, publicExponent)
  const pkcs1 = await signed(material, { type: CKM.CKM_SHA384_RSA_PKCS, parameter: NO_PARAMETER })
  t.is(verifies(t, spki, pkcs1, ['-sha384']), 'Verified OK')
  const parameter = { _tag: 'pss', hash: CKM.CKM_SHA256, mgf: CKG.CKG_MGF1_SHA256, saltLength: 32 } as const
  const pss = await signed(material, { type: CKM.CKM_SHA256_RSA_PKCS_PSS, parameter })
  const options = ['-sha256', '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32']
  t.is(verifies(t, spki, pss, options), 'Verified OK')
})
