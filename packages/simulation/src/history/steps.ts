import type { AvailabilityZone } from '@hsmlab/domain'
import type { LinkFaults, Zone } from '../bus/network.ts'
import type { Damage } from '../cluster/machine.ts'
import type { ProgramName } from '../cluster/programs.ts'

/** Keys that stand on all HSMs before anything else happens; those of the workload are named by their step. */
export const STEADY_AES = -1
export const STEADY_PAIR = -2

/** What a program wants. Keys and users are named by the step that made them. */
export type Operation =
  | Readonly<{ type: 'make-aes' }>
  | Readonly<{ type: 'make-pair' }>
  | Readonly<{ type: 'make-session-key' }>
  | Readonly<{ type: 'sign'; key: number }>
  | Readonly<{ type: 'crypt'; key: number }>
  | Readonly<{ type: 'get'; key: number }>
  | Readonly<{ type: 'delete'; key: number }>
  | Readonly<{ type: 'find' }>
  | Readonly<{ type: 'create-user' }>
  | Readonly<{ type: 'change-password'; user: number }>
  | Readonly<{ type: 'delete-user'; user: number }>

/** What goes wrong. `millis`: for how long. */
export type Fault =
  /** The process of one AZ, or of all, dies and is started again. */
  | Readonly<{ type: 'kill'; zones: ReadonlyArray<AvailabilityZone>; millis: number }>
  /** The machines lose power: what their disks had not synced is gone in part. */
  | Readonly<{ type: 'lose-power'; zones: ReadonlyArray<AvailabilityZone>; proxy: boolean; millis: number }>
  /** One HSM of a rack that lives: what `chaos kill-hsm` does. */
  | Readonly<{ type: 'crash-hsm'; zone: AvailabilityZone; millis: number }>
  /** Nothing passes from `from` to `to`; `*` is everywhere. */
  | Readonly<{ type: 'cut'; links: ReadonlyArray<readonly [from: Zone, to: Zone]>; millis: number }>
  | Readonly<{ type: 'weather'; faults: Partial<LinkFaults>; millis: number }>
  /** Every write finds the disk full; afterwards there is room again. */
  | Readonly<{ type: 'disk-full'; zone: AvailabilityZone; millis: number }>
  | Readonly<{ type: 'disk-error'; zone: AvailabilityZone; millis: number }>
  | Readonly<{ type: 'disk-slow'; zones: ReadonlyArray<AvailabilityZone>; factor: number; millis: number }>
  /** The storage of one AZ is damaged for good; its HSM is replaced by another one after so long. */
  | Readonly<{ type: 'lose-storage'; zone: AvailabilityZone; how: Damage; millis: number }>
  | Readonly<{ type: 'lose-feed' }>
  | Readonly<{ type: 'feed-down'; millis: number }>
  | Readonly<{ type: 'kill-proxy'; millis: number }>
  | Readonly<{ type: 'kill-audit'; millis: number }>
  | Readonly<{ type: 'shift-clock'; zone: AvailabilityZone; micros: number }>

/** `at`: milliseconds after the cluster was ready. */
export type WorkStep = Readonly<{ kind: 'work'; id: number; at: number; program: ProgramName; operation: Operation }>
export type FaultStep = Readonly<{ kind: 'fault'; id: number; at: number; fault: Fault }>
export type Step = WorkStep | FaultStep

/** All that is decided before a history begins. What is drawn on its way comes from `seed` too. */
export type Plan = Readonly<{
  seed: number
  syncPeriodMillis: number
  /** When the faults end and everything is mended, in milliseconds after the cluster was ready. */
  faultsEndAt: number
  /** Only one AZ ever suffers: then operations with steady keys may pause, but not fail. */
  sufferer: AvailabilityZone | undefined
  /** The cluster is built in this history; otherwise it was there before. */
  fromNothing: boolean
  /** The program `app-2` waives the availability check. */
  waived: boolean
  steps: ReadonlyArray<Step>
}>

/** What one HSM alone knew may be gone for good. */
export const losesStorage = ({ steps }: Plan): boolean =>
  steps.some((step) => step.kind === 'fault' && step.fault.type === 'lose-storage')
