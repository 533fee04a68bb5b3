import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import { BODY_SIZE_MAX } from '../src/index.ts'
import { apiLab, AUTHORIZATION, authorizationOf, clustersIn, createCluster } from './api.ts'

const api = await apiLab()
test.after.always(() => api.close())

const DESCRIBE = 'BaldrApiService.DescribeClusters'
const EMPTY = Buffer.from('{}')

test('an answer has the content type of the protocol and a request id', async (t) => {
  const { status, headers, body } = await api.call('DescribeClusters', {})
  t.is(status, 200)
  t.is(headers['content-type'], 'application/x-amz-json-1.1')
  t.regex(headers['x-amzn-requestid'] ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  t.deepEqual(body, { Clusters: [] })
})

test('an error has its type in the body and in a header, and a Message with a capital M', async (t) => {
  const { status, headers, body } = await api.call('DeleteCluster', { ClusterId: 'cluster-aaaaaaaaaaa' })
  t.is(status, 400)
  t.is(headers['x-amzn-errortype'], 'CloudHsmResourceNotFoundException')
  t.deepEqual(body, {
    __type: 'CloudHsmResourceNotFoundException',
    Message: 'Cluster cluster-aaaaaaaaaaa was not found.',
  })
})

const errorOf = async (headers: Readonly<Record<string, string | undefined>>, body: Uint8Array = EMPTY) => {
  const response = await api.send({ 'x-amz-target': DESCRIBE, ...headers }, body)
  return (JSON.parse(response.body) as { __type?: string }).__type
}

for (const target of [
  undefined,
  '',
  'DescribeClusters',
  'BaldrApiService.',
  'BaldrApiService.Nothing',
  'TrentService.Sign',
  'BaldrApiService.constructor',
  'BaldrApiService.describeclusters',
]) {
  test(`the target ${JSON.stringify(target)} is no operation`, async (t) => {
    t.is(await errorOf({ 'x-amz-target': target }), 'UnknownOperationException')
  })
}

for (const type of [undefined, 'application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
  test(`the content type ${type} is not that of the protocol`, async (t) => {
    t.is(await errorOf({ 'content-type': type }), 'UnknownOperationException')
  })
}

test('a charset beside the content type is accepted', async (t) => {
  t.is(await errorOf({ 'content-type': 'application/x-amz-json-1.1; charset=utf-8' }), undefined)
})

const signature = `Signature=${'0a'.repeat(32)}`
const scope = 'Credential=A/20261124/us-east-1/cloudhsm/aws4_request'
for (const [authorization, expected] of [
  [undefined, 'MissingAuthenticationTokenException'],
  ['  ', 'MissingAuthenticationTokenException'],
  ['Bearer token', 'IncompleteSignatureException'],
  ['AWS4-HMAC-SHA256', 'IncompleteSignatureException'],
  [`AWS4-HMAC-SHA256 ${scope}, ${signature}`, 'IncompleteSignatureException'],
  [`AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host`, 'IncompleteSignatureException'],
  [`AWS4-HMAC-SHA256 SignedHeaders=host, ${signature}`, 'IncompleteSignatureException'],
  [`AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=zz`, 'IncompleteSignatureException'],
  [AUTHORIZATION.replace('/20261124/', '/'), 'IncompleteSignatureException'],
  [AUTHORIZATION.replace('20261124', 'today'), 'IncompleteSignatureException'],
  [AUTHORIZATION.replace('aws4_request', 'aws5'), 'IncompleteSignatureException'],
  [AUTHORIZATION.replace('/cloudhsm/', '/cloudhsmv2/'), 'InvalidSignatureException'],
  [AUTHORIZATION.replace('us-east-1', 'the-moon-1'), 'InvalidSignatureException'],
] as const) {
  test(`the authorization ${JSON.stringify(authorization)} gets ${expected}`, async (t) => {
    t.is(await errorOf({ authorization }), expected)
  })
}

for (const [body, expected] of [
  ['{', 'SerializationException'],
  ['[]', 'SerializationException'],
  ['null', 'SerializationException'],
  ['"text"', 'SerializationException'],
  ['7', 'SerializationException'],
  ['', undefined],
  ['{"unknown":{"member":[1,2]}}', undefined],
  ['{"__proto__":{"MaxResults":0}}', undefined],
  ['{"MaxResults":null}', undefined],
] as const) {
  test(`the body ${JSON.stringify(body)} gets ${expected ?? 'an answer'}`, async (t) => {
    t.is(await errorOf({}, Buffer.from(body)), expected)
  })
}

test('bytes that are no UTF-8 are not guessed at', async (t) => {
  t.is(await errorOf({}, Buffer.from([0x7b, 0xff, 0x7d])), 'SerializationException')
})

test('a body that is nested without end is refused', async (t) => {
  t.is(await errorOf({}, Buffer.from('['.repeat(200_000))), 'SerializationException')
  const deep = `{"Filters":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`
  t.is(await errorOf({}, Buffer.from(deep)), 'SerializationException')
})

test('a body over the limit is refused with 413', async (t) => {
  const response = await api.send({ 'x-amz-target': DESCRIBE }, Buffer.alloc(BODY_SIZE_MAX + 1))
  t.is(response.status, 413)
  t.regex(response.body, /RequestEntityTooLargeException/)
})

test('only / takes requests, and only by POST', async (t) => {
  const request = { headers: { 'x-amz-target': DESCRIBE, authorization: AUTHORIZATION }, body: EMPTY }
  t.regex((await api.handler({ method: 'POST', path: '/other', ...request })).body, /UnknownOperationException/)
  t.is((await api.handler({ method: 'PUT', path: '/', ...request })).status, 405)
  t.is((await api.handler({ method: 'GET', path: '/other', ...request })).status, 404)
})

test('people who look at the endpoint are told how to use it, and which subnets there are', async (t) => {
  const { status, headers, body } = await api.handler({ method: 'GET', path: '/', headers: {}, body: EMPTY })
  t.is(status, 200)
  t.is(headers['content-type'], 'text/plain; charset=utf-8')
  t.regex(body, /aws --endpoint-url/)
  for (const subnetId of createCluster.SubnetIds) t.true(body.includes(subnetId))
})

test('an access key of twelve digits is an account, any other the default one; the scope is the Region', async (t) => {
  const mine = authorizationOf('123456789012', 'us-east-1')
  const subnetIds = createCluster.SubnetIds.map((id) => id.replace('000000000000', '123456789012'))
  t.is((await api.call('CreateCluster', { ...createCluster, SubnetIds: subnetIds }, mine)).status, 200)
  t.is(clustersIn(await api.call('DescribeClusters', {}, mine)).length, 1)
  t.is(clustersIn(await api.call('DescribeClusters', {}, authorizationOf('123456789012', 'eu-west-1'))).length, 0)
  t.is(clustersIn(await api.call('DescribeClusters', {}, authorizationOf('AKIA', 'us-east-1'))).length, 0)
})

const operation = fc.constantFrom('CreateCluster', 'DescribeClusters', 'CreateHsm', 'InitializeCluster', 'TagResource')
const body = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text)),
  fc
    .dictionary(
      fc.constantFrom('ClusterId', 'SubnetIds', 'Filters', 'MaxResults', 'TagList', 'HsmType', 'SignedCert'),
      fc.jsonValue({ maxDepth: 3 }),
    )
    .map((members) => Buffer.from(JSON.stringify(members))),
)
testProp(
  'random bytes and members get an error of a known type, or an answer',
  [operation, body],
  async (t, name, bytes) => {
    const response = await api.send({ 'x-amz-target': `BaldrApiService.${name}` }, bytes)
    t.true([200, 400].includes(response.status), response.body)
  },
)

testProp(
  'random headers get an error of a known type, or an answer',
  [fc.string({ maxLength: 100 }), fc.string({ maxLength: 100 }), fc.string({ maxLength: 100 })],
  async (t, target, authorization, contentType) => {
    const headers = { 'x-amz-target': target, authorization, 'content-type': contentType }
    t.is((await api.send(headers, EMPTY)).status, 400)
  },
)
