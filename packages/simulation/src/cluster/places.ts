import type { AvailabilityZone, ClusterId, HsmId } from '@hsmlab/domain'

/** One HSM of the cluster: who it is and where it stands. */
export type Place = Readonly<{ hsmId: HsmId; zone: AvailabilityZone; eniIp: string; lane: number }>

export const CLUSTER_ID = 'cluster-abcdefghijk' as ClusterId

const place = (letter: 'a' | 'b' | 'c', lane: number): Place => ({
  hsmId: `hsm-${letter.repeat(11)}` as HsmId,
  zone: `us-east-1${letter}` as AvailabilityZone,
  eniIp: `10.0.${lane}.10`,
  lane,
})

/** Three HSMs in three Availability Zones: the cluster as it begins. */
export const PLACES = [place('a', 1), place('b', 2), place('c', 3)] as const

const REPLACEMENT_LANE = 4

/** Who takes the place of an HSM whose storage is gone: another HSM, at the same address. */
export const replacementOf = (lost: Place): Place => ({
  ...lost,
  hsmId: `hsm-${'d'.repeat(11)}` as HsmId,
  lane: REPLACEMENT_LANE,
})

export const ZONES = ['us-east-1a', 'us-east-1b', 'us-east-1c'].map((zone) => zone as AvailabilityZone) as [
  AvailabilityZone,
  AvailabilityZone,
  AvailabilityZone,
]

/** Where the application, its proxy and the operator stand: outside of the Availability Zones. */
export const CLIENT_ZONE = 'clients'
export const CONTROL_ZONE = 'control'
