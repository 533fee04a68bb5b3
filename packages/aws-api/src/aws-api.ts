import * as E from 'fp-ts/lib/Either.js'
import type { Controller } from '@hsmlab/application'
import type { World } from '@hsmlab/domain'
import { canonicalJson, type Json, parseJsonBytes } from '@hsmlab/event-sourcing'
import type { HasLogger, HasRandom, HttpHandler, HttpRequest, HttpResponse, Random } from '@hsmlab/ports'
import { readAuthorization } from './authorization.ts'
import { type AwsError, awsError, statusOf } from './aws-error.ts'
import { type OperationName, REQUESTS } from './model.ts'
import { OPERATIONS } from './operations.ts'
import { welcome } from './welcome.ts'
import { validate } from './validate.ts'

/** Two certificates of 20,000 characters fit several times over. */
export const BODY_SIZE_MAX = 262_144

const TARGET_PREFIX = 'BaldrApiService.'
const CONTENT_TYPE = 'application/x-amz-json-1.1'

export type AwsApiEnv = HasRandom & HasLogger & Readonly<{ controller: Controller }>

type Call = Readonly<{ operation: OperationName; world: World; input: Readonly<Record<string, Json>> }>

/** A UUID, version 4 (RFC 9562). */
const requestId = (random: Random): string => {
  const bytes = random.bytes(16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

const operationOf = ({ headers }: HttpRequest): E.Either<AwsError, OperationName> => {
  const target = headers['x-amz-target'] ?? ''
  const name = target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : ''
  if (Object.hasOwn(REQUESTS, name)) return E.right(name as OperationName)
  return E.left(
    awsError('UnknownOperationException', `X-Amz-Target must be ${TARGET_PREFIX} and an operation of AWS CloudHSM V2.`),
  )
}

const bodyOf = ({ body }: HttpRequest): E.Either<AwsError, Json> => {
  if (body.length === 0) return E.right({})
  const parsed = parseJsonBytes(body)
  return parsed === undefined
    ? E.left(awsError('SerializationException', 'The request body is not valid JSON.'))
    : E.right(parsed)
}

/** Everything that is checked before an operation begins, in the order in which AWS's front ends check it. */
const readCall = (request: HttpRequest): E.Either<AwsError, Call> => {
  const { path, headers, body } = request
  if (body.length > BODY_SIZE_MAX) {
    return E.left(awsError('RequestEntityTooLargeException', `A request has at most ${BODY_SIZE_MAX} bytes.`))
  }
  if (path !== '/') return E.left(awsError('UnknownOperationException', 'AWS JSON 1.1 requests go to the path /.'))
  const operation = operationOf(request)
  if (E.isLeft(operation)) return operation
  const [mediaType = ''] = (headers['content-type'] ?? '').split(';')
  if (mediaType.trim().toLowerCase() !== CONTENT_TYPE) {
    return E.left(awsError('UnknownOperationException', `Content-Type must be ${CONTENT_TYPE}.`))
  }
  const world = readAuthorization(headers['authorization'])
  if (E.isLeft(world)) return world
  const parsed = bodyOf(request)
  if (E.isLeft(parsed)) return parsed
  const input = validate(REQUESTS[operation.right], parsed.right)
  if (E.isLeft(input)) return input
  return E.right({ operation: operation.right, world: world.right, input: input.right })
}

const succeeded = (id: string, result: Json): HttpResponse => ({
  status: 200,
  headers: { 'content-type': CONTENT_TYPE, 'x-amzn-requestid': id },
  body: canonicalJson(result),
})

const failed = (id: string, error: AwsError): HttpResponse => ({
  status: statusOf(error),
  headers: { 'content-type': CONTENT_TYPE, 'x-amzn-requestid': id, 'x-amzn-errortype': error.type },
  body: canonicalJson({ __type: error.type, Message: error.message }),
})

const METHODS = 'GET, POST'

const plain = (status: number, body: string): HttpResponse => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', ...(status === 405 ? { allow: METHODS } : {}) },
  body,
})

/**
 * The AWS CloudHSM V2 API over AWS JSON 1.1: one request in, one response out, nothing kept in between. Any credentials
 * are accepted; they choose Region and account. `GET /` answers people.
 */
export const awsApi = ({ controller, random, logger }: AwsApiEnv): HttpHandler => {
  const perform = async ({ operation, world, input }: Call, id: string): Promise<HttpResponse> => {
    const outcome = await OPERATIONS[operation](controller, world, input)
    const error = E.isLeft(outcome) ? outcome.left.type : undefined
    logger.log('info', 'AWS API call', { operation, ...world, requestId: id, error })
    return E.isLeft(outcome) ? failed(id, outcome.left) : succeeded(id, outcome.right)
  }
  return async (request) => {
    if (request.method === 'GET' || request.method === 'HEAD') {
      return request.path === '/' ? plain(200, welcome(controller)) : plain(404, 'There is nothing here. See /\n')
    }
    if (request.method !== 'POST') return plain(405, `Use ${METHODS}.\n`)
    const id = requestId(random)
    const call = readCall(request)
    if (E.isLeft(call)) {
      logger.log('info', 'AWS API request refused', { requestId: id, error: call.left.type })
      return failed(id, call.left)
    }
    return perform(call.right, id)
  }
}
