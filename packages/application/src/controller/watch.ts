import * as E from 'fp-ts/lib/Either.js'
import { allClusters, type AvailabilityZone, type Cluster, type ClusterReport, type Hsm, hsmsOf } from '@hsmlab/domain'
import type { HsmCondition, HsmDescription } from '@hsmlab/protocol'
import type { ControllerEnv, ControllerSettings } from './controller-env.ts'
import type { ControllerLog } from './controller-log.ts'
import type { Racks } from './racks.ts'
import type { Sighting, Sightings } from './sightings.ts'

const SILENT = 'The HSM does not answer.'

/** What an HSM that is well says of itself; the first HSM of a cluster passes through the first two. */
const WELL: ReadonlySet<HsmCondition> = new Set(['provisioned', 'initialized', 'serving'])

const whyUnwell = ({ description, silentMillis }: Sighting, { silenceMillis }: ControllerSettings) => {
  if (silentMillis >= silenceMillis) return SILENT
  if (description?.condition === 'stopped') return description.reason ?? 'The HSM cannot write its log.'
  if (description?.condition === 'failed') return description.reason ?? 'The storage of the HSM is damaged.'
  if (description?.condition === 'zeroized') return description.reason ?? 'The HSM was zeroized.'
  return undefined
}

/** What the controller has to put on its log about an HSM, from what it sees. */
const reportsOn = (
  cluster: Cluster,
  { hsmId, state }: Hsm,
  sighting: Sighting,
  settings: ControllerSettings,
  at: number,
): ReadonlyArray<ClusterReport> => {
  const { clusterId, phase } = cluster
  const { description } = sighting
  const reports: ClusterReport[] = []
  if (phase === 'INITIALIZED' && description?.activated === true) {
    reports.push({ type: 'RecordActivation', at, clusterId, hsmId })
  }
  const reason = whyUnwell(sighting, settings)
  if (state === 'ACTIVE' && reason !== undefined) {
    reports.push({ type: 'ReportHsmDegraded', at, clusterId, hsmId, reason })
  }
  if (state === 'DEGRADED' && reason === undefined && description !== undefined && WELL.has(description.condition)) {
    reports.push({ type: 'ReportHsmRecovered', at, clusterId, hsmId })
  }
  return reports
}

export interface Watch {
  /** Asks a zone now. */
  readonly look: (zone: AvailabilityZone) => void
  readonly stop: () => void
}

type WatchPart = Readonly<{
  log: ControllerLog
  racks: Racks
  sightings: Sightings
  settings: ControllerSettings
  /** Something may have been seen. */
  onSight: () => void
}>

/** Asks every rack in turn how its HSMs are, and reports what has changed. */
export const watchRacks = (
  { clock }: Pick<ControllerEnv, 'clock'>,
  { log, racks, sightings, settings, onSight }: WatchPart,
): Watch => {
  const underWay = new Set<AvailabilityZone>()
  const again = new Set<AvailabilityZone>()
  const timers = new Map<AvailabilityZone, () => void>()
  let isStopped = false

  const report = async (zone: AvailabilityZone): Promise<void> => {
    for (const cluster of allClusters(log.durable().plane)) {
      for (const hsm of hsmsOf(cluster).filter(({ place }) => place.availabilityZone === zone)) {
        const reports = reportsOn(cluster, hsm, sightings.of(hsm.hsmId), settings, clock.wallMicros())
        for (const each of reports) await log.submit(each)()
      }
    }
  }

  const ask = async (zone: AvailabilityZone): Promise<void> => {
    const answer = await racks.ask(zone, 'describeRack', {})
    const seen: ReadonlyArray<HsmDescription> = E.isRight(answer) ? answer.right.hsms : []
    for (const description of seen) sightings.describe(description)
    if (isStopped) return
    await report(zone)
    onSight()
  }

  const look = (zone: AvailabilityZone): void => {
    if (isStopped) return
    if (underWay.has(zone)) {
      again.add(zone)
      return
    }
    timers.get(zone)?.()
    underWay.add(zone)
    void ask(zone).finally(() => {
      underWay.delete(zone)
      if (isStopped) return
      if (again.delete(zone)) look(zone)
      else
        timers.set(
          zone,
          clock.after(settings.pollMillis, () => look(zone)),
        )
    })
  }

  for (const zone of racks.zones) look(zone)
  return {
    look,
    stop: () => {
      isStopped = true
      for (const cancel of timers.values()) cancel()
    },
  }
}
