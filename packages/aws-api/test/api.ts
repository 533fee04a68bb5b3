import { nobleEngine } from '@hsmlab/crypto/noble'
import { controllerLab, type LabOptions } from '@hsmlab/application/controller-lab'
import type { Json } from '@hsmlab/event-sourcing'
import type { HttpResponse } from '@hsmlab/ports'
import { memoryBus, memoryDisk, memoryLogger, seededRandom, virtualClock } from '@hsmlab/ports/memory'
import { awsApi } from '../src/index.ts'

export type Answer = Readonly<{ status: number; headers: HttpResponse['headers']; body: Record<string, Json> }>

export const AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/cloudhsm/aws4_request, ' +
  `SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=${'0a'.repeat(32)}`

export const authorizationOf = (accessKey: string, region: string): string =>
  AUTHORIZATION.replace('AKIDEXAMPLE', accessKey).replace('us-east-1', region)

const STEPS_MAX = 2000

/** The API before a controller with scripted racks, whose time passes only while something is waited for. */
export const apiLab = async (options: LabOptions = {}) => {
  const clock = virtualClock({ settle: () => new Promise((resolve) => void setImmediate(resolve)) })
  const random = seededRandom(1)
  const logger = memoryLogger()
  const disks = { disk: memoryDisk(), vault: memoryDisk() }
  const env = { clock, random, logger, bus: memoryBus({ clock }), engine: nobleEngine({ random }), ...disks }
  const lab = await controllerLab(env, options)
  const handler = awsApi({ controller: lab.controller(), random, logger })

  /** A request with these headers and bytes in place of the usual ones. */
  const send = (headers: Readonly<Record<string, string | undefined>>, body: Uint8Array) =>
    handler({
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/x-amz-json-1.1', authorization: AUTHORIZATION, ...headers },
      body,
    })
  const call = async (operation: string, input: Json, authorization = AUTHORIZATION): Promise<Answer> => {
    const target = `BaldrApiService.${operation}`
    const bytes = Buffer.from(typeof input === 'string' ? input : JSON.stringify(input))
    const { status, headers, body } = await send({ 'x-amz-target': target, authorization }, bytes)
    return { status, headers, body: JSON.parse(body) as Record<string, Json> }
  }
  const until = async (holds: () => boolean): Promise<void> => {
    for (let step = 0; step < STEPS_MAX && !holds(); step++) await clock.advanceToNext()
    if (!holds()) throw new Error('it never came to be')
  }
  return { ...lab, until, clock, handler, send, call, logger }
}
export type ApiLab = Awaited<ReturnType<typeof apiLab>>

export const messageOf = ({ body }: Answer): string => JSON.stringify(body['Message'] ?? null).slice(1, -1)

export const SUBNETS = ['a', 'b', 'c'].map((_, zone) => `subnet-000000000000487d${zone + 1}`)
export const createCluster = { HsmType: 'hsm2m.medium', Mode: 'FIPS', SubnetIds: SUBNETS }

type Cluster = Readonly<{ ClusterId: string; State: string; Hsms: ReadonlyArray<Json> }>
export const clusterIn = ({ body }: Answer): Cluster & Readonly<Record<string, Json>> => body['Cluster'] as never
export const clustersIn = ({ body }: Answer): ReadonlyArray<Cluster & Readonly<Record<string, Json>>> =>
  body['Clusters'] as never

/** An UNINITIALIZED cluster. */
export const newCluster = async (api: ApiLab, input: Json = createCluster): Promise<string> => {
  const { ClusterId } = clusterIn(await api.call('CreateCluster', input))
  await api.until(() => api.cluster(ClusterId as never).phase === 'UNINITIALIZED')
  await api.clock.advance(1)
  return ClusterId
}

/** Its first HSM, when it is up. */
export const newHsm = async (api: ApiLab, clusterId: string, zone = 'us-east-1a'): Promise<string> => {
  const { body } = await api.call('CreateHsm', { ClusterId: clusterId, AvailabilityZone: zone })
  const { HsmId } = body['Hsm'] as { HsmId: string }
  await api.until(() => api.cluster(clusterId as never).hsms[HsmId as never]?.state === 'ACTIVE')
  return HsmId
}
