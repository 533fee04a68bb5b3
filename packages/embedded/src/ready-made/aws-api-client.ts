import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { READY_MADE } from './facts.ts'

const ANSWER_MILLIS_MAX = 10_000

/** The Region and account of a request stand in its signature's scope; the signature itself is not asked for. */
const AUTHORIZATION = [
  `AWS4-HMAC-SHA256 Credential=${READY_MADE.account}/20260101/${READY_MADE.region}/cloudhsm/aws4_request`,
  'SignedHeaders=host;x-amz-date',
  `Signature=${'0'.repeat(64)}`,
].join(', ')

const Hsm = t.exact(t.partial({ AvailabilityZone: t.string, State: t.string }))

/** What DescribeClusters tells, as far as it is needed here. */
export const DescribedCluster = t.strict({
  ClusterId: t.string,
  State: t.string,
  SubnetMapping: t.record(t.string, t.string),
  Hsms: t.readonlyArray(Hsm),
  Certificates: t.exact(t.partial({ ClusterCsr: t.string })),
})
export type DescribedCluster = t.TypeOf<typeof DescribedCluster>

const Described = t.strict({ Clusters: t.readonlyArray(DescribedCluster) })
const Created = t.strict({ Cluster: t.strict({ ClusterId: t.string }) })
const ErrorBody = t.exact(t.partial({ __type: t.string, Message: t.string }))
const Anything = t.UnknownRecord

/** The AWS endpoint of the product, asked as the AWS CLI asks it. Left: what it said. */
export interface AwsApiClient {
  readonly describeClusters: () => Promise<E.Either<string, ReadonlyArray<DescribedCluster>>>
  readonly createCluster: (subnetIds: ReadonlyArray<string>) => Promise<E.Either<string, string>>
  readonly createHsm: (clusterId: string, availabilityZone: string) => Promise<E.Either<string, unknown>>
  readonly initializeCluster: (
    clusterId: string,
    signedCert: string,
    trustAnchor: string,
  ) => Promise<E.Either<string, unknown>>
}

const headersOf = (operation: string): Readonly<Record<string, string>> => ({
  'content-type': 'application/x-amz-json-1.1',
  'x-amz-target': `BaldrApiService.${operation}`,
  authorization: AUTHORIZATION,
})

/** Rejects when nobody answers. */
const post = async (
  endpoint: string,
  operation: string,
  input: object,
): Promise<Readonly<{ status: number; body: unknown }>> => {
  // Node's own client: `fetch` would take a tenth of the start to be loaded.
  const outgoing = request(endpoint, {
    method: 'POST',
    headers: headersOf(operation),
    signal: AbortSignal.timeout(ANSWER_MILLIS_MAX),
  })
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
  outgoing.end(JSON.stringify(input))
  const [incoming] = await answered
  return { status: incoming.statusCode ?? 0, body: JSON.parse(await text(incoming)) as unknown }
}

export const awsApiClient = (endpoint: string): AwsApiClient => {
  const call = async <A>(
    operation: string,
    input: object,
    output: t.Type<A, unknown>,
  ): Promise<E.Either<string, A>> => {
    try {
      const { status, body } = await post(endpoint, operation, input)
      const decoded = status === 200 ? output.decode(body) : undefined
      if (decoded !== undefined) return E.isRight(decoded) ? decoded : E.left(`${operation}: unexpected answer`)
      const error = ErrorBody.decode(body)
      return E.left(`${operation}: ${E.isRight(error) ? (error.right.Message ?? error.right.__type) : status}`)
    } catch (cause) {
      return E.left(`${operation}: ${cause instanceof Error ? cause.message : 'no answer'}`)
    }
  }
  return {
    describeClusters: async () => {
      const described = await call('DescribeClusters', {}, Described)
      return E.isLeft(described) ? described : E.right(described.right.Clusters)
    },
    createCluster: async (subnetIds) => {
      const input = { HsmType: READY_MADE.hsmType, Mode: READY_MADE.mode, SubnetIds: subnetIds }
      const created = await call('CreateCluster', input, Created)
      return E.isLeft(created) ? created : E.right(created.right.Cluster.ClusterId)
    },
    createHsm: (ClusterId, AvailabilityZone) => call('CreateHsm', { ClusterId, AvailabilityZone }, Anything),
    initializeCluster: (ClusterId, SignedCert, TrustAnchor) =>
      call('InitializeCluster', { ClusterId, SignedCert, TrustAnchor }, Anything),
  }
}
