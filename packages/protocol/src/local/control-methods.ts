import * as t from 'io-ts'
import { Base64Codec } from '@hsmlab/event-sourcing'
import { AvailabilityZoneCodec, ChainedAuditRecord, ClusterIdCodec, HsmIdCodec } from '@hsmlab/domain'
import { SignedAuditHead } from './signed-audit-head.ts'

const Nothing = t.strict({})
const optional = <Members extends t.Props>(members: Members) => t.exact(t.partial(members))

/** Records in one event of `streamLog`, and their bytes before base64: an event stays below the longest line. */
export const LOG_EVENT_RECORDS_MAX = 1000
export const LOG_EVENT_BYTES_MAX = 500_000
/** Bytes of state in one event of `liveState`. */
export const STATE_EVENT_BYTES_MAX = 500_000

/** A log of the product: an HSM's, by its id, or the controller's. */
export const LogName = t.union([HsmIdCodec, t.literal('controller')])
export type LogName = t.TypeOf<typeof LogName>

/**
 * One HSM in `status`. `state` is the one that DescribeClusters shows; `chaos` what was done to it on purpose.
 * `position` counts the records of its log; `lag` how many records its peers published and it has not yet taken in.
 * `digest` is SHA-256 (hex) over its canonical token keys and tombstones: equal on HSMs that agree. The last four are
 * missing when the HSM does not answer.
 */
export const HsmStatus = t.intersection([
  t.strict({
    hsmId: HsmIdCodec,
    availabilityZone: AvailabilityZoneCodec,
    eniIp: t.string,
    state: t.string,
    chaos: t.union([t.literal('none'), t.literal('killed'), t.literal('az-killed')]),
  }),
  optional({ position: t.number, keys: t.number, lag: t.number, digest: t.string }),
])
export type HsmStatus = t.TypeOf<typeof HsmStatus>

export const ClusterStatus = t.strict({
  clusterId: ClusterIdCodec,
  state: t.string,
  hsmType: t.string,
  mode: t.string,
  availabilityZones: t.readonlyArray(AvailabilityZoneCodec),
  hsms: t.readonlyArray(HsmStatus),
})
export type ClusterStatus = t.TypeOf<typeof ClusterStatus>

/** `keysInOneZone`: token keys whose holders all stand in one Availability Zone, and which would not survive its loss. */
export const ProductStatus = t.strict({
  version: t.string,
  pid: t.number,
  dataDirectory: t.string,
  /** Wall microseconds. */
  startedAtMicros: t.number,
  controllerPosition: t.number,
  keysInOneZone: t.number,
  clusters: t.readonlyArray(ClusterStatus),
})
export type ProductStatus = t.TypeOf<typeof ProductStatus>

export const ChaosState = t.strict({
  killedZones: t.readonlyArray(AvailabilityZoneCodec),
  killedHsms: t.readonlyArray(HsmIdCodec),
})
export type ChaosState = t.TypeOf<typeof ChaosState>

/** What a chaos command reached: the HSMs it took away or gave back. */
const Reached = t.strict({ hsmIds: t.readonlyArray(HsmIdCodec) })

const AuditRange = optional({ hsmId: HsmIdCodec, from: t.number })

/** A log as it lies: the first `length` records are durable. `identity` and `kind` say how to fold it. */
export const LogOffer = t.intersection([
  t.strict({ log: LogName, length: t.number }),
  optional({ clusterId: ClusterIdCodec }),
])
export type LogOffer = t.TypeOf<typeof LogOffer>

/** What `hsmlab` asks the running product at `control.sock`. */
export const CONTROL_METHODS = {
  status: { params: Nothing, result: ProductStatus },
  /** The lines of `hsmlab env`, in the order in which they are printed. */
  env: {
    params: Nothing,
    result: t.strict({ variables: t.readonlyArray(t.strict({ name: t.string, value: t.string })) }),
  },
  /** Stops the product; the answer comes before it ends, the end of the connection after its logs are closed. */
  down: { params: Nothing, result: t.strict({ pid: t.number }) },

  chaosList: { params: Nothing, result: ChaosState },
  chaosKillHsm: { params: t.strict({ hsmId: HsmIdCodec }), result: Reached },
  chaosKillAz: { params: t.strict({ availabilityZone: AvailabilityZoneCodec }), result: Reached },
  /** Gives back one HSM or one zone; without either, everything. */
  chaosHeal: {
    params: optional({ hsmId: HsmIdCodec, availabilityZone: AvailabilityZoneCodec }),
    result: Reached,
  },

  logs: { params: Nothing, result: t.strict({ logs: t.readonlyArray(LogOffer) }) },
  /** The records `from` (inclusive) to `to` (exclusive), as they lie on the log, with hash chain and MAC. */
  streamLog: {
    params: t.strict({ log: LogName, from: t.number, to: t.number }),
    event: t.strict({ from: t.number, records: t.readonlyArray(Base64Codec) }),
    result: t.strict({ length: t.number }),
  },
  /** The canonical bytes of the live state after exactly `length` records, in runs; `digest` is SHA-256 (hex) of all. */
  liveState: {
    params: t.strict({ log: LogName }),
    event: t.strict({ bytes: Base64Codec }),
    result: t.strict({ length: t.number, digest: t.string }),
  },

  /** Audit records of one HSM or all from sequence `from` on; with `follow`, those to come until the client goes. */
  audit: {
    params: t.intersection([t.strict({ follow: t.boolean }), AuditRange]),
    event: t.strict({ records: t.readonlyArray(ChainedAuditRecord) }),
    result: Nothing,
  },
  /** The longest heads that HSMs signed and others keep: what `audit verify` holds the records against. */
  auditHeads: { params: Nothing, result: t.strict({ heads: t.readonlyArray(SignedAuditHead) }) },
} as const
export type ControlMethods = typeof CONTROL_METHODS
