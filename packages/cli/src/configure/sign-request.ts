import { createHash, createHmac } from 'node:crypto'

export type Credentials = Readonly<{ accessKeyId: string; secretAccessKey: string; sessionToken?: string }>

export type UnsignedRequest = Readonly<{
  url: string
  region: string
  service: string
  credentials: Credentials
  /** `X-Amz-Target`. */
  target: string
  body: string
  at: Date
}>

const ALGORITHM = 'AWS4-HMAC-SHA256'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** The signing key of one day, Region and service ("Create a signed AWS API request", IAM user guide). */
const signingKey = (secretAccessKey: string, scope: ReadonlyArray<string>): Buffer =>
  scope.reduce((key: string | Buffer, part) => hmac(key, part), `AWS4${secretAccessKey}`) as Buffer

/** The signature, in hex, over the canonical request's hash. */
export const signatureOf = (
  secretAccessKey: string,
  timestamp: string,
  scope: ReadonlyArray<string>,
  canonicalRequest: string,
): string => {
  const toSign = [ALGORITHM, timestamp, scope.join('/'), sha256(canonicalRequest)].join('\n')
  return hmac(signingKey(secretAccessKey, scope), toSign).toString('hex')
}

/** The headers of a POST of AWS JSON 1.1, signed (AWS Signature Version 4). */
export const signedHeaders = (request: UnsignedRequest): Readonly<Record<string, string>> => {
  const { url, region, service, credentials, target, body, at } = request
  const { host, pathname } = new URL(url)
  const timestamp = at.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const scope = [timestamp.slice(0, 8), region, service, 'aws4_request']
  const headers: Readonly<Record<string, string>> = {
    'content-type': 'application/x-amz-json-1.1',
    host,
    'x-amz-date': timestamp,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
    'x-amz-target': target,
  }
  const names = Object.keys(headers).sort()
  const canonicalHeaders = names.map((name) => `${name}:${headers[name]}\n`).join('')
  const canonicalRequest = ['POST', pathname, '', canonicalHeaders, names.join(';'), sha256(body)].join('\n')
  const signature = signatureOf(credentials.secretAccessKey, timestamp, scope, canonicalRequest)
  const credential = `${credentials.accessKeyId}/${scope.join('/')}`
  const { host: _host, ...sent } = headers // fetch sets it.
  return {
    ...sent,
    authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  }
}
