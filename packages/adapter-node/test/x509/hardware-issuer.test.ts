import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { generateKeyPairSync } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { createHardwareRoots, hardwareIssuer, nodeCertificateVerifier, openHardwareRoots } from '../../src/index.ts'
import { hasOpenssl, opensslFolder } from './openssl-ca.ts'

const nowMicros = Date.now() * 1000
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const clusterKey = privateKey.export({ type: 'pkcs8', format: 'der' })
const request = { clusterKey, serialNumber: '5.0:1', partition: 12, mode: 'FIPS', nowMicros } as const

const withOpenssl = (title: string, body: (t: ExecutionContext) => void): void =>
  test(title, hasOpenssl ? body : (t) => t.pass('left out: the openssl command is not installed'))
const openssl = opensslFolder()
test.after.always(() => openssl.close())

withOpenssl('the identity of an HSM verifies as in the guide, against either root', (t) => {
  const issuer = hardwareIssuer(createHardwareRoots(nowMicros))
  const identity = issuer.issueIdentity(request)
  openssl.write('hsm.crt', identity.hsmCertificate)
  openssl.write('aws.crt', identity.awsHardwareCertificate + issuer.roots.aws)
  openssl.write('maker.crt', identity.manufacturerHardwareCertificate + issuer.roots.manufacturer)
  openssl.write('wrong.crt', identity.awsHardwareCertificate + issuer.roots.manufacturer)
  t.is(openssl.run('verify', '-CAfile', 'aws.crt', 'hsm.crt'), 'hsm.crt: OK\n')
  t.is(openssl.run('verify', '-CAfile', 'maker.crt', 'hsm.crt'), 'hsm.crt: OK\n')
  t.throws(() => openssl.run('verify', '-CAfile', 'wrong.crt', 'hsm.crt'))
})

withOpenssl('the CSR has the subject of AWS, its own signature, and the key of the HSM certificate', (t) => {
  const identity = hardwareIssuer(createHardwareRoots(nowMicros)).issueIdentity(request)
  openssl.write('cluster.csr', identity.clusterCsr)
  openssl.write('hsm.crt', identity.hsmCertificate)
  t.is(
    openssl.run('req', '-in', 'cluster.csr', '-noout', '-subject').trim(),
    'subject=C = US, ST = CA, O = Cavium, OU = N3FIPS, L = SanJose, CN = "HSM:5.0:1:PARTN:12, for FIPS mode"',
  )
  t.notThrows(() => openssl.run('req', '-in', 'cluster.csr', '-noout', '-verify'))
  t.is(
    openssl.run('req', '-in', 'cluster.csr', '-noout', '-pubkey'),
    openssl.run('x509', '-in', 'hsm.crt', '-noout', '-pubkey'),
  )
})

test('an EC cluster key works as well', (t) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' })
  const issuer = hardwareIssuer(createHardwareRoots(nowMicros))
  const { hsmCertificate, awsHardwareCertificate } = issuer.issueIdentity({ ...request, clusterKey: pkcs8 })
  const chain = awsHardwareCertificate + issuer.roots.aws
  t.deepEqual(nodeCertificateVerifier.verifyChain(hsmCertificate, chain, nowMicros), E.right(undefined))
})

test('the roots of a folder are made once, and their keys are for this user only', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hsmlab-roots-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const first = await openHardwareRoots(folder, nowMicros)()
  const second = await openHardwareRoots(folder, nowMicros)()
  t.true(E.isRight(first))
  t.deepEqual(second, first)
  t.is(statSync(join(folder, 'AWS_CloudHSM_Root-G1.key')).mode & 0o777, 0o600)
  t.is(readdirSync(folder).length, 4)
})

test('a folder that cannot be made is a failure, not an exception', async (t) => {
  const opened = await openHardwareRoots('/dev/null/roots', nowMicros)()
  t.is(E.isLeft(opened) ? opened.left._tag : undefined, 'RootsUnavailable')
})
