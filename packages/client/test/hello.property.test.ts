import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import { nobleEngine } from '@hsmlab/crypto/noble'
import { toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { seededRandom } from '@hsmlab/ports/memory'
import { verifyHello } from '../src/trust/verify-hello.ts'
import { verifyMembership } from '../src/trust/verify-membership.ts'
import { toyVerifier } from './scripted/toy-certificates.ts'

const engine = nobleEngine({ random: seededRandom(1) })
const controllerKey = engine.ed25519.generate().publicKey
const trust = { engine, certificates: toyVerifier(engine), hsmCaCertificate: 'ca', controllerKey }
const nobody = { clusterId: undefined, hsmId: undefined }

const base64 = fc.uint8Array({ maxLength: 80 }).map(toBase64)
const hello = fc.record({
  clusterId: fc.constantFrom('cluster-aaaaaaaaaaa', 'cluster-', ''),
  hsmId: fc.constantFrom('hsm-aaaaaaaaaaa', 'hsm-'),
  clusterCertificate: fc.oneof(
    fc.constant(`ca ${toBase64(engine.ed25519.generate().publicKey)}`),
    fc.constantFrom('ca ', 'ca AA==', 'another'),
    fc.string(),
  ),
  staticKey: base64,
  staticSignature: base64,
  membership: fc.record({ document: fc.oneof(fc.string(), fc.json()), signature: base64 }),
})

testProp('no bytes that were not signed are believed', [fc.uint8Array({ maxLength: 300 })], (t, bytes) => {
  t.true(E.isLeft(verifyHello(trust, nobody, bytes, 0)))
})

testProp('no hello without signatures is believed', [hello], (t, told) => {
  t.true(E.isLeft(verifyHello(trust, nobody, utf8Bytes(JSON.stringify(told)), 0)))
})

testProp('no membership without signature is believed', [fc.json(), base64], (t, document, signature) => {
  t.true(E.isLeft(verifyMembership(engine, controllerKey, { document, signature })))
})
