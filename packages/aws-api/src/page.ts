import * as E from 'fp-ts/lib/Either.js'
import { Base64Codec, fromBase64, toBase64, utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'
import type { Cluster } from '@hsmlab/domain'
import { type AwsError, awsError } from './aws-error.ts'

export type Page<A> = Readonly<{ items: ReadonlyArray<A>; nextToken: string | undefined }>

/** Where a page ended; that cluster may be gone when the next page is asked for. */
type Place = Readonly<{ createdAt: number; clusterId: string }>

const TOKEN = /^1 (\d{1,16}) ([0-9A-Za-z-]{1,40})$/

const tokenOf = ({ createdAt, clusterId }: Place): string => toBase64(utf8Bytes(`1 ${createdAt} ${clusterId}`))

const placeOf = (token: string): Place | undefined => {
  const bytes = Base64Codec.decode(token)
  const [, createdAt, clusterId] = TOKEN.exec(E.isRight(bytes) ? (utf8Text(fromBase64(bytes.right)) ?? '') : '') ?? []
  return clusterId === undefined ? undefined : { createdAt: Number(createdAt), clusterId }
}

const isAfter = (cluster: Cluster, { createdAt, clusterId }: Place): boolean =>
  cluster.createdAt > createdAt || (cluster.createdAt === createdAt && cluster.clusterId > clusterId)

/** `clusters` in their order, from behind `token` on. */
export const pageOf = (
  clusters: ReadonlyArray<Cluster>,
  token: string | undefined,
  size: number,
): E.Either<AwsError, Page<Cluster>> => {
  const place = token === undefined ? undefined : placeOf(token)
  if (token !== undefined && place === undefined) {
    return E.left(awsError('CloudHsmInvalidRequestException', 'The NextToken is not valid.'))
  }
  const rest = place === undefined ? clusters : clusters.filter((cluster) => isAfter(cluster, place))
  const items = rest.slice(0, size)
  const last = items.at(-1)
  const hasMore = rest.length > items.length && last !== undefined
  return E.right({ items, nextToken: hasMore ? tokenOf(last) : undefined })
}
