import * as E from 'fp-ts/lib/Either.js'
import { type ClusterStatus, type HsmStatus, ProductStatus } from '@hsmlab/protocol/local'
import type { Colour } from '../shared/colour.ts'
import { textTable } from '../shared/table.ts'
import { withControl } from './control.ts'
import { type Outcome, told } from './outcome.ts'

const DIGEST_SHOWN = 12
const HEADER = ['ZONE', 'HSM', 'ADDRESS', 'STATE', 'RECORDS', 'KEYS', 'LAG', 'DIGEST']

const shown = (value: number | undefined): string => (value === undefined ? '-' : String(value))

const stateOf = ({ state, chaos }: HsmStatus, colour: Colour): string => {
  if (chaos === 'killed') return colour.bad('killed')
  if (chaos === 'az-killed') return colour.bad('zone killed')
  return state === 'ACTIVE' ? colour.good(state) : state
}

const hsmRow = (hsm: HsmStatus, colour: Colour): ReadonlyArray<string> => [
  hsm.availabilityZone,
  hsm.hsmId,
  hsm.eniIp,
  stateOf(hsm, colour),
  shown(hsm.position),
  shown(hsm.keys),
  shown(hsm.lag),
  hsm.digest?.slice(0, DIGEST_SHOWN) ?? '-',
]

const agreement = ({ hsms }: ClusterStatus, colour: Colour): string => {
  const digests = new Set(hsms.flatMap(({ digest }) => digest ?? []))
  if (digests.size === 0) return 'No HSM answers.'
  if (digests.size > 1) return colour.bad('The HSMs do not hold the same keys yet.')
  const silent = hsms.filter(({ digest }) => digest === undefined).length
  return silent === 0
    ? 'All HSMs hold the same keys.'
    : `The HSMs that answer hold the same keys; ${silent} ${silent === 1 ? 'does' : 'do'} not answer.`
}

const clusterText = (cluster: ClusterStatus, colour: Colour): string => {
  const { clusterId, state, hsmType, mode, availabilityZones, hsms } = cluster
  const title = `${colour.strong(clusterId)}  ${state === 'ACTIVE' ? colour.good(state) : state}  ${hsmType}  ${mode}`
  const inZone = (zone: string) => hsms.filter((hsm) => hsm.availabilityZone === zone)
  const rows = [...availabilityZones].sort().flatMap((zone) => {
    const rowsOfZone = inZone(zone).map((hsm) => hsmRow(hsm, colour))
    return rowsOfZone.length === 0 ? [[zone, '-', '-', colour.faint('no HSM'), '-', '-', '-', '-']] : rowsOfZone
  })
  const table = textTable([HEADER.map(colour.faint), ...rows], '  ')
  return hsms.length === 0 ? `${title}\n${table}` : `${title}\n${table}\n  ${agreement(cluster, colour)}`
}

const duration = (millis: number): string => {
  const seconds = Math.max(0, Math.round(millis / 1000))
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`
}

/** `status` for people. */
export const statusText = (status: ProductStatus, nowMillis: number, colour: Colour): string => {
  const up = duration(nowMillis - status.startedAtMicros / 1000)
  const first = `hsmlab ${status.version}  pid ${status.pid}  up ${up}  data ${status.dataDirectory}`
  const clusters = status.clusters.map((cluster) => clusterText(cluster, colour))
  const none = 'No cluster. Create one with: aws cloudhsmv2 create-cluster …, or start without --empty.'
  const alone =
    status.keysInOneZone === 0
      ? []
      : [colour.bad(`Keys that stand in one zone only, and would go with it: ${status.keysInOneZone}`)]
  return [first, ...(clusters.length === 0 ? [none] : clusters), ...alone].join('\n\n')
}

export const status = (dataDirectory: string, colour: Colour): Promise<Outcome> =>
  withControl(dataDirectory, async (control): Promise<Outcome> => {
    const answer = await control.call('status', {})
    if (E.isLeft(answer)) return answer
    return E.right(told(ProductStatus.encode(answer.right), statusText(answer.right, Date.now(), colour)))
  })
