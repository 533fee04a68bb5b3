import { createPrivateKey, createSign } from 'node:crypto'
import anyTest, { type ExecutionContext } from 'ava'
import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import type { CertificateRejection } from '@hsmlab/ports'
import { nodeCertificateVerifier as verifier } from '../../src/index.ts'
import { hasOpenssl, opensslFolder } from './openssl-ca.ts'

/** Plain openssl is the peer: without it there is nothing to verify, which is said. */
const test = (title: string, body: (t: ExecutionContext) => void): void =>
  anyTest(title, hasOpenssl ? body : (t) => t.pass('left out: the openssl command is not installed'))

const openssl = opensslFolder()
anyTest.after.always(() => openssl.close())

/** A minute from now: certificates that these tests make are valid by then. */
const now = (Date.now() + 60_000) * 1000
const YEAR = 365 * 86_400 * 1_000_000
const tagOf = (result: E.Either<CertificateRejection, void>) => (E.isLeft(result) ? result.left._tag : 'accepted')

if (hasOpenssl) {
  openssl.root('root')
  openssl.root('stranger')
  openssl.request('cluster', 'rsa2048')
  openssl.sign('cluster', 'root')
}
const csr = hasOpenssl ? openssl.read('cluster.csr') : ''
const signedCert = hasOpenssl ? openssl.read('cluster.crt') : ''
const anchor = hasOpenssl ? openssl.read('root.crt') : ''

const verdict = (cert = signedCert, trust = anchor, at = now) =>
  tagOf(verifier.verifyClusterCertificate(cert, trust, csr, at))

test('a certificate that plain openssl signed over the CSR is accepted with its self-signed CA', (t) => {
  t.is(verdict(), 'accepted')
  t.true(E.isRight(verifier.verifyChain(signedCert, anchor, now)))
})

for (const kind of ['rsa2048', 'pss', 'p256', 'p384', 'p521']) {
  test(`a CA with a key ${kind} is accepted`, (t) => {
    const name = `ca-${kind}`
    openssl.root(name, kind)
    openssl.write(`under-${kind}.csr`, csr)
    t.is(verdict(openssl.sign(`under-${kind}`, name), openssl.read(`${name}.crt`)), 'accepted')
  })
}

for (const kind of ['rsa1024', 'k256', 'ed25519']) {
  test(`a CA with a key ${kind} is refused`, (t) => {
    const name = `ca-${kind}`
    openssl.root(name, kind)
    openssl.write(`under-${kind}.csr`, csr)
    t.is(verdict(openssl.sign(`under-${kind}`, name), openssl.read(`${name}.crt`)), 'CertificateKeyUnsupported')
  })
}

for (const [digest, expected] of [
  ['sha224', 'accepted'],
  ['sha512', 'accepted'],
  ['sha1', 'CertificateSignatureUnsupported'],
] as const) {
  test(`a signature with ${digest}: ${expected}`, (t) => {
    openssl.write(`digest-${digest}.csr`, csr)
    t.is(verdict(openssl.sign(`digest-${digest}`, 'root', [`-${digest}`])), expected)
  })
}

test('an RSA-PSS signature with SHA-384 is accepted, one with SHA-1 refused', (t) => {
  openssl.root('pss-root', 'rsa2048')
  for (const digest of ['sha384', 'sha1']) {
    openssl.write(`pss-${digest}.csr`, csr)
    const options = [`-${digest}`, '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:-1']
    const cert = openssl.sign(`pss-${digest}`, 'pss-root', options)
    const expected = digest === 'sha1' ? 'CertificateSignatureUnsupported' : 'accepted'
    t.is(verdict(cert, openssl.read('pss-root.crt')), expected)
  }
})

test('a certificate for another key is refused', (t) => {
  openssl.request('other')
  t.is(verdict(openssl.sign('other', 'root')), 'CertificateKeyMismatch')
})

test('a certificate that another CA signed is refused, even one of the same name', (t) => {
  t.is(verdict(signedCert, openssl.read('stranger.crt')), 'CertificateNotIssuedByNext')
  openssl.root('impostor', 'p256', ['-subj', '/CN=root'])
  t.is(verdict(signedCert, openssl.read('impostor.crt')), 'CertificateNotIssuedByNext')
})

test('a certificate is refused before and after its time', (t) => {
  t.is(verdict(signedCert, anchor, now + 11 * YEAR), 'CertificateExpired')
  t.is(verdict(signedCert, anchor, now - YEAR), 'CertificateNotYetValid')
})

test('a chain of intermediate and root is accepted in that order only', (t) => {
  const middle = openssl.intermediate('middle', 'root')
  openssl.write('below.csr', csr)
  const cert = openssl.sign('below', 'middle')
  t.is(verdict(cert, middle + anchor), 'accepted')
  t.is(verdict(cert, anchor + middle), 'CertificateNotIssuedByNext')
  t.is(verdict(cert, middle), 'TrustAnchorNotSelfSigned')
  t.is(verdict(signedCert, anchor + openssl.read('stranger.crt')), 'IntermediateSelfSigned')
})

test('more than four certificates in a trust anchor are refused', (t) => {
  t.is(verdict(signedCert, anchor.repeat(5)), 'CertificateCount')
  t.is(verdict(signedCert.repeat(2)), 'CertificateCount')
})

test('a trust anchor over 16 KB is refused', (t) => {
  t.is(verdict(signedCert, anchor + ' '.repeat(16_384)), 'CertificateTooLarge')
})

for (const [name, extensions, expected] of [
  ['bare', 'keyUsage=keyCertSign', 'BasicConstraintsMissing'],
  ['no-ca', 'basicConstraints=CA:FALSE', 'NotACertificationAuthority'],
  ['no-sign', 'basicConstraints=critical,CA:TRUE\nkeyUsage=digitalSignature', 'ExtensionConflict'],
  ['unknown', 'basicConstraints=critical,CA:TRUE\n1.2.3.4=critical,ASN1:UTF8String:x', 'ExtensionConflict'],
] as const) {
  test(`an intermediate with "${extensions.replace('\n', '; ')}" is refused`, (t) => {
    const middle = openssl.intermediate(`middle-${name}`, 'root', extensions)
    openssl.write(`leaf-${name}.csr`, csr)
    const cert = openssl.sign(`leaf-${name}`, `middle-${name}`)
    t.is(verdict(cert, middle + anchor), expected)
  })
}

test('a path longer than its CA allows is refused', (t) => {
  openssl.root('short', 'p256', ['-addext', 'basicConstraints=critical,CA:TRUE,pathlen:0'])
  const middle = openssl.intermediate('too-deep', 'short')
  openssl.write('deep.csr', csr)
  t.is(verdict(openssl.sign('deep', 'too-deep'), middle + openssl.read('short.crt')), 'PathTooLong')
})

for (const extensions of [
  'extendedKeyUsage=clientAuth',
  'keyUsage=keyCertSign',
  '1.2.3.4=critical,ASN1:UTF8String:x',
]) {
  test(`a cluster certificate with "${extensions}" is refused`, (t) => {
    const name = `odd-${extensions.slice(0, 8)}`
    openssl.write(`${name}.csr`, csr)
    openssl.write(`${name}.ext`, extensions)
    t.is(verdict(openssl.sign(name, 'root', ['-extfile', `${name}.ext`])), 'ExtensionConflict')
  })
}

test('text that is no certificate is malformed, whichever it is', (t) => {
  const block = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  for (const bad of ['', 'x', block]) {
    t.is(verdict(bad), 'CertificateMalformed')
    t.is(verdict(signedCert, bad), 'CertificateMalformed')
    t.is(tagOf(verifier.verifyClusterCertificate(signedCert, anchor, bad, now)), 'CertificateMalformed')
  }
})

test('the key of a certificate verifies its signatures, and no others', (t) => {
  const message = Buffer.from('message')
  const key = createPrivateKey(openssl.read('cluster.key'))
  const signature = createSign('sha256').update(message).sign(key)
  t.true(verifier.verifySignature(signedCert, message, signature))
  t.false(verifier.verifySignature(signedCert, Buffer.from('another'), signature))
  t.false(verifier.verifySignature(anchor, message, signature))
  t.false(verifier.verifySignature('no certificate', message, signature))
})

test('a certificate certifies one key', (t) => {
  const pkcs8 = (name: string) => createPrivateKey(openssl.read(`${name}.key`)).export({ type: 'pkcs8', format: 'der' })
  t.true(verifier.certifiesKey(signedCert, pkcs8('cluster')))
  t.false(verifier.certifiesKey(signedCert, pkcs8('root')))
  t.false(verifier.certifiesKey(signedCert, Buffer.from([1, 2, 3])))
})

const der = Buffer.from(signedCert.replace(/-----.*-----|\s/g, ''), 'base64')
testProp(
  'a certificate with an altered byte is refused, without an exception',
  [fc.nat(Math.max(0, der.length - 1)), fc.integer({ min: 1, max: 255 })],
  (t, at, change) => {
    const altered = Buffer.from(der)
    altered[at] = (altered[at] ?? 0) ^ change
    const pem = `-----BEGIN CERTIFICATE-----\n${altered.toString('base64')}\n-----END CERTIFICATE-----\n`
    t.true(!hasOpenssl || E.isLeft(verifier.verifyClusterCertificate(pem, anchor, csr, now)))
  },
)
