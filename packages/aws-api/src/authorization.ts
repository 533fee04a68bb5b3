import * as E from 'fp-ts/lib/Either.js'
import type { World } from '@hsmlab/domain'
import { type AwsError, awsError } from './aws-error.ts'

/** The model's `signingName`: not the endpoint's `cloudhsmv2`. */
const SIGNING_NAME = 'cloudhsm'
const DEFAULT_ACCOUNT = '000000000000'
const ALGORITHM = 'AWS4-HMAC-SHA256'
const HEADER_LENGTH_MAX = 4096
const REGION = /^[a-z]{2}(-gov)?-(east|west|north|south|central){1,2}-\d$/
const ACCOUNT = /^\d{12}$/

const incomplete = (what: string): E.Either<AwsError, never> => E.left(awsError('IncompleteSignatureException', what))

/** `Credential=…, SignedHeaders=…, Signature=…` as a map; parts that are no such pair are left out. */
const partsOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text
      .split(',')
      .map((part) => part.trim().split(/=(.*)/s, 2))
      .flatMap(([name, value]) => (name !== undefined && value !== undefined ? [[name, value] as const] : [])),
  )

/**
 * Whose world a request is about: the Region of its credential scope, and the account that its access key stands for
 * (12 digits are that account; any other key is the default one's). The signature must be there and well formed; it is
 * not verified, because any credentials are good here ("Signature Version 4 signing process").
 */
export const readAuthorization = (header: string | undefined): E.Either<AwsError, World> => {
  if (header === undefined || header.trim() === '') {
    return E.left(awsError('MissingAuthenticationTokenException', 'Missing Authentication Token'))
  }
  const [algorithm, rest] = header.slice(0, HEADER_LENGTH_MAX).split(/\s+(.*)/s, 2)
  if (algorithm !== ALGORITHM || rest === undefined) {
    return incomplete(`Authorization header requires '${ALGORITHM}' and a 'Credential' parameter.`)
  }
  const parts = partsOf(rest)
  for (const name of ['Credential', 'SignedHeaders', 'Signature']) {
    if (!parts.get(name)) return incomplete(`Authorization header requires '${name}' parameter.`)
  }
  if (!/^[0-9a-f]{64}$/.test(parts.get('Signature') ?? '')) {
    return incomplete("The 'Signature' parameter of the Authorization header must be 64 hexadecimal digits.")
  }
  const scope = (parts.get('Credential') ?? '').split('/')
  const [accessKey = '', date = '', region = '', service = '', terminator = ''] = scope
  if (scope.length !== 5 || accessKey === '' || !/^\d{8}$/.test(date) || terminator !== 'aws4_request') {
    return incomplete(
      "The 'Credential' parameter must be of the form <access key>/<date>/<Region>/cloudhsm/aws4_request.",
    )
  }
  if (service !== SIGNING_NAME) {
    const why = `Credential should be scoped to correct service: '${SIGNING_NAME}'.`
    return E.left(awsError('InvalidSignatureException', why))
  }
  if (!REGION.test(region)) {
    return E.left(awsError('InvalidSignatureException', 'Credential should be scoped to a valid Region.'))
  }
  return E.right({ account: ACCOUNT.test(accessKey) ? accessKey : DEFAULT_ACCOUNT, region })
}
