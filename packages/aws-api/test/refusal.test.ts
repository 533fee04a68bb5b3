import test from 'ava'
import { describeRefusal } from '../src/index.ts'

const at = Date.UTC(2026, 1, 28, 23, 59) * 1000

for (const [refusal, message] of [
  [{ _tag: 'CertificateMalformed', role: 'SignedCert' }, /SignedCert is not a PEM encoded X.509 certificate/],
  [{ _tag: 'CertificateTooLarge', role: 'TrustAnchor', limit: 16_384 }, /TrustAnchor is larger than 16384 bytes/],
  [{ _tag: 'CertificateCount', role: 'TrustAnchor', count: 5, limit: 4 }, /contains 5 certificates; at most 4/],
  [{ _tag: 'CertificateExpired', subject: 'CN=ca', notAfterMicros: at }, /"CN=ca" expired on 2026-02-28/],
  [{ _tag: 'CertificateNotYetValid', subject: 'CN=ca', notBeforeMicros: at }, /not valid before 2026-02-28/],
  [{ _tag: 'CertificateNotIssuedByNext', subject: 'CN=x' }, /"CN=x" was not issued by the next certificate/],
  [{ _tag: 'CertificateKeyUnsupported', subject: 'CN=x', key: 'rsa 1024' }, /rsa 1024/],
  [{ _tag: 'TrustAnchorNotSelfSigned', subject: 'CN=x' }, /must end with a self-signed certificate/],
] as const) {
  test(`a refusal of certificates is CloudHSM's to explain: ${message.source}`, (t) => {
    const error = describeRefusal(refusal)
    t.is(error.type, 'CloudHsmInvalidRequestException')
    t.regex(error.message, message)
  })
}
