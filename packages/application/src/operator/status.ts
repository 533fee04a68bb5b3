import type { AvailabilityZone, HsmId } from '@hsmlab/domain'
import { fromBase64 } from '@hsmlab/event-sourcing'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { HsmDescription } from '@hsmlab/protocol'
import type { ClusterStatus, HsmStatus } from '@hsmlab/protocol/local'
import type { ControllerHandle, RackHandle, ShownCluster, ShownHsm } from './parts.ts'

export type Killed = Readonly<{ zones: ReadonlySet<AvailabilityZone>; hsms: ReadonlySet<HsmId> }>

/** An HSM that cannot run tells why, and nothing of what it holds. */
const runs = ({ condition }: HsmDescription): boolean =>
  condition !== 'stopped' && condition !== 'failed' && condition !== 'zeroized'

/** Records that peers published and this HSM has not compared itself with yet. */
const lagOf = (description: HsmDescription, all: ReadonlyMap<HsmId, HsmDescription>): number => {
  let lag = 0
  for (const [peer, { position, clusterId }] of all) {
    if (peer === description.hsmId || clusterId !== description.clusterId) continue
    lag += Math.max(position - (description.lag[peer] ?? 0), 0)
  }
  return lag
}

const hsmStatus = (shown: ShownHsm, all: ReadonlyMap<HsmId, HsmDescription>, killed: Killed): HsmStatus => {
  const chaos = killed.zones.has(shown.availabilityZone)
    ? 'az-killed'
    : killed.hsms.has(shown.hsmId)
      ? 'killed'
      : 'none'
  const description = all.get(shown.hsmId)
  if (description === undefined) return { ...shown, chaos }
  const { position, keys, digest } = description
  return {
    ...shown,
    chaos,
    position,
    keys,
    lag: lagOf(description, all),
    digest: bytesToHex(fromBase64(digest)),
  }
}

/** Token keys of a cluster that would go with one zone: all their holders stand in it. */
const keysInOneZone = async (
  { hsms }: ShownCluster,
  racks: ReadonlyArray<RackHandle>,
  all: ReadonlyMap<HsmId, HsmDescription>,
): Promise<number> => {
  const zonesOf = new Map<number, Set<AvailabilityZone>>()
  const running = hsms.filter(({ hsmId }) => all.has(hsmId))
  const digests = new Set(running.map(({ hsmId }) => all.get(hsmId)?.digest))
  const zones = new Set(running.map(({ availabilityZone }) => availabilityZone))
  // Equal digests: every key stands on every HSM that runs.
  if (digests.size === 1 && zones.size > 1) return 0
  for (const { hsmId, availabilityZone } of running) {
    const rack = racks.find((each) => each.availabilityZone === availabilityZone)
    for (const handle of (await rack?.keyHandles(hsmId)) ?? []) {
      zonesOf.set(handle, (zonesOf.get(handle) ?? new Set()).add(availabilityZone))
    }
  }
  return [...zonesOf.values()].filter((holders) => holders.size === 1).length
}

export type ClustersStatus = Readonly<{
  controllerPosition: number
  keysInOneZone: number
  clusters: ReadonlyArray<ClusterStatus>
}>

/** What the controller shows, beside what the HSMs say of themselves now. */
export const clustersStatus = async (
  controller: ControllerHandle,
  racks: ReadonlyArray<RackHandle>,
  killed: Killed,
): Promise<ClustersStatus> => {
  const { position, clusters } = await controller.clusters()
  const descriptions = (await Promise.all(racks.map((rack) => rack.describe()))).flat()
  const all = new Map(descriptions.filter(runs).map((description) => [description.hsmId, description]))
  const inOneZone = await Promise.all(clusters.map((cluster) => keysInOneZone(cluster, racks, all)))
  return {
    controllerPosition: position,
    keysInOneZone: inOneZone.reduce((sum, count) => sum + count, 0),
    clusters: clusters.map((cluster) => ({
      ...cluster,
      hsms: cluster.hsms.map((hsm) => hsmStatus(hsm, all, killed)),
    })),
  }
}
