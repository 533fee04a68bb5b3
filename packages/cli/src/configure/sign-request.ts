import { Hash } from '@smithy/hash-node'
import { SignatureV4 } from '@smithy/signature-v4'

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

class Sha256 extends Hash {
  constructor(secret?: ConstructorParameters<typeof Hash>[1]) {
    super('sha256', secret)
  }
}

/** The headers of a POST of AWS JSON 1.1, signed (AWS Signature Version 4). */
export const signedHeaders = async (request: UnsignedRequest): Promise<Readonly<Record<string, string>>> => {
  const { url, region, service, credentials, target, body, at } = request
  const { host, hostname, pathname, protocol } = new URL(url)
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256, applyChecksum: false })
  const { headers } = await signer.sign(
    {
      method: 'POST',
      protocol,
      hostname,
      path: pathname,
      query: {},
      headers: { host, 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
      body,
    },
    { signingDate: at },
  )
  const { host: _host, ...sent } = headers // fetch sets it.
  return sent
}
