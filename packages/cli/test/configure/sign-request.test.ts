import test from 'ava'
import { signedHeaders } from '../../src/configure/sign-request.ts'

const request = {
  url: 'http://127.0.0.1:4580/',
  region: 'eu-west-1',
  service: 'cloudhsm',
  credentials: { accessKeyId: '123456789012', secretAccessKey: 'secret' },
  target: 'BaldrApiService.DescribeClusters',
  body: '{}',
  at: new Date(Date.UTC(2026, 10, 24, 6, 0, 0)),
}

test('a request says who asks, in which Region, and for which service', async (t) => {
  const { authorization, 'x-amz-date': date } = await signedHeaders(request)
  t.is(date, '20261124T060000Z')
  t.regex(
    authorization ?? '',
    /^AWS4-HMAC-SHA256 Credential=123456789012\/20261124\/eu-west-1\/cloudhsm\/aws4_request, /,
  )
  t.regex(authorization ?? '', /SignedHeaders=[a-z0-9;-]*host;[a-z0-9;-]*x-amz-target, Signature=[0-9a-f]{64}$/)
})

test('another body, secret or moment makes another signature', async (t) => {
  const signatures = await Promise.all(
    [
      request,
      { ...request, body: '{ }' },
      { ...request, credentials: { ...request.credentials, secretAccessKey: 'other' } },
      { ...request, at: new Date(Date.UTC(2026, 10, 24, 6, 0, 1)) },
    ].map(async (each) => (await signedHeaders(each))['authorization']?.split('Signature=')[1]),
  )
  t.is(new Set(signatures).size, signatures.length)
})

test('a session token travels along', async (t) => {
  const credentials = { ...request.credentials, sessionToken: 'token' }
  t.is((await signedHeaders({ ...request, credentials }))['x-amz-security-token'], 'token')
})
