import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type { ClusterId } from '@hsmlab/domain'
import { type Credentials, signedHeaders } from './sign-request.ts'

/** What DescribeClusters tells of a cluster, as far as a client's configuration needs it. */
export type ResolvedCluster = Readonly<{ hsmType: string; addresses: ReadonlyArray<string> }>

const Described = t.strict({
  Clusters: t.readonlyArray(
    t.intersection([
      t.strict({
        ClusterId: t.string,
        Hsms: t.readonlyArray(t.exact(t.partial({ EniIp: t.string, State: t.string }))),
      }),
      t.exact(t.partial({ HsmType: t.string })),
    ]),
  ),
})

const ErrorBody = t.exact(t.partial({ __type: t.string, Message: t.string }))

export type AwsEndpoint = Readonly<{ url: string; region: string; credentials: Credentials }>

const TARGET = 'BaldrApiService.DescribeClusters'
const ANSWER_MILLIS_MAX = 10_000

const describe = async (endpoint: AwsEndpoint, clusterId: ClusterId): Promise<E.Either<string, unknown>> => {
  const body = JSON.stringify({ Filters: { clusterIds: [clusterId] } })
  try {
    const answer = await fetch(endpoint.url, {
      method: 'POST',
      body,
      headers: await signedHeaders({ ...endpoint, service: 'cloudhsm', target: TARGET, body, at: new Date() }),
      signal: AbortSignal.timeout(ANSWER_MILLIS_MAX),
    })
    const parsed: unknown = await answer.json()
    if (answer.ok) return E.right(parsed)
    const error = ErrorBody.decode(parsed)
    const words = E.isRight(error) ? [error.right.__type, error.right.Message] : []
    return E.left(
      [`${endpoint.url} answered ${answer.status}`, ...words].filter((word) => word !== undefined).join(': '),
    )
  } catch {
    return E.left(
      `The AWS endpoint ${endpoint.url} does not answer. Start the product (npx hsmlab up), or name it with --endpoint`,
    )
  }
}

/** Asks an AWS endpoint for a cluster's HSMs (API Reference: DescribeClusters). */
export const resolveCluster = async (
  endpoint: AwsEndpoint,
  clusterId: ClusterId,
): Promise<E.Either<string, ResolvedCluster>> => {
  const answer = await describe(endpoint, clusterId)
  if (E.isLeft(answer)) return answer
  const described = Described.decode(answer.right)
  if (E.isLeft(described)) return E.left(`What ${endpoint.url} answered is no description of clusters`)
  const cluster = described.right.Clusters.find((one) => one.ClusterId === clusterId)
  if (cluster === undefined) return E.left(`There is no cluster ${clusterId} in ${endpoint.region}`)
  const addresses = cluster.Hsms.flatMap(({ EniIp, State }) =>
    EniIp === undefined || State !== 'ACTIVE' ? [] : [EniIp],
  )
  if (addresses.length === 0) return E.left(`Cluster ${clusterId} has no active HSM`)
  return E.right({ hsmType: cluster.HsmType ?? 'hsm2m.medium', addresses })
}
