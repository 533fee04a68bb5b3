import type { Either } from 'fp-ts/lib/Either.js'
import type { AvailabilityZone, ChainedAuditRecord, ClusterId, HsmId } from '@hsmlab/domain'
import type { Unsubscribe } from '@hsmlab/ports'
import type { HsmDescription } from '@hsmlab/protocol'
import type { LocalError, LogName, SignedAuditHead } from '@hsmlab/protocol/local'

export type Answer<A> = Promise<Either<LocalError, A>>

/** Hands over records from position `from` on; false ends the reading. */
export type VisitLog = (from: number, records: ReadonlyArray<Uint8Array>) => Promise<boolean>

/** A canonical state, and how many records of the log fold to it. */
export type LiveState = Readonly<{ length: number; state: string }>

/** Whoever owns logs: may be asked for them as they lie, and for what they fold to. */
export interface LogOwner {
  readonly logs: () => Promise<ReadonlyArray<Readonly<{ log: LogName; clusterId?: ClusterId; length: number }>>>
  /** Records `from` (inclusive) to `to` (exclusive); answers how many there are in all. */
  readonly readLog: (log: LogName, from: number, to: number, visit: VisitLog) => Answer<number>
  readonly liveState: (log: LogName) => Answer<LiveState>
}

/** One zone's rack as an operator handles it: in this process, or in another. */
export interface RackHandle extends LogOwner {
  readonly availabilityZone: AvailabilityZone
  /** Running HSMs; a rack without power has none. */
  readonly describe: () => Promise<ReadonlyArray<HsmDescription>>
  readonly keyHandles: (hsmId: HsmId) => Promise<ReadonlyArray<number>>
  /** As if its power were cut. False: this rack has no such HSM. */
  readonly crashHsm: (hsmId: HsmId) => Promise<boolean>
  readonly restartHsm: (hsmId: HsmId) => Promise<boolean>
  /** The power of the whole rack. */
  readonly crash: () => Promise<void>
  readonly restart: () => Promise<void>
}

export type ShownHsm = Readonly<{ hsmId: HsmId; availabilityZone: AvailabilityZone; eniIp: string; state: string }>
export type ShownCluster = Readonly<{
  clusterId: ClusterId
  state: string
  hsmType: string
  mode: string
  availabilityZones: ReadonlyArray<AvailabilityZone>
  hsms: ReadonlyArray<ShownHsm>
}>

export interface ControllerHandle extends LogOwner {
  /** Clusters of every account and Region, and the length of the controller's log. */
  readonly clusters: () => Promise<Readonly<{ position: number; clusters: ReadonlyArray<ShownCluster> }>>
}

export interface AuditHandle {
  readonly read: (
    hsmId: HsmId | undefined,
    from: number,
    visit: (records: ReadonlyArray<ChainedAuditRecord>) => Promise<boolean>,
  ) => Answer<void>
  readonly onRecords: (listener: (records: ReadonlyArray<ChainedAuditRecord>) => void) => Unsubscribe
  readonly signedHeads: () => Promise<ReadonlyArray<SignedAuditHead>>
}
