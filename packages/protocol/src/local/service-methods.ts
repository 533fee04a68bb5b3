import * as t from 'io-ts'
import { AvailabilityZoneCodec, ClusterIdCodec, HsmIdCodec } from '@hsmlab/domain'
import { HsmDescription } from '../control/commands.ts'
import { CONTROL_METHODS } from './control-methods.ts'

const Nothing = t.strict({})
const OneHsm = t.strict({ hsmId: HsmIdCodec })
const Known = t.strict({ known: t.boolean })

const { logs, streamLog, liveState, audit, auditHeads } = CONTROL_METHODS
/** What every service that owns logs is asked. */
export const LOG_METHODS = { logs, streamLog, liveState } as const
export type LogMethods = typeof LOG_METHODS

/** What the operator's door asks of an hsm-node that runs as a process of its own. */
export const RACK_METHODS = {
  ...LOG_METHODS,
  describe: { params: Nothing, result: t.strict({ hsms: t.readonlyArray(HsmDescription) }) },
  keyHandles: { params: OneHsm, result: t.strict({ handles: t.readonlyArray(t.number) }) },
  crashHsm: { params: OneHsm, result: Known },
  restartHsm: { params: OneHsm, result: Known },
} as const
export type RackMethods = typeof RACK_METHODS

export const ShownCluster = t.strict({
  clusterId: ClusterIdCodec,
  state: t.string,
  hsmType: t.string,
  mode: t.string,
  availabilityZones: t.readonlyArray(AvailabilityZoneCodec),
  hsms: t.readonlyArray(
    t.strict({
      hsmId: HsmIdCodec,
      availabilityZone: AvailabilityZoneCodec,
      eniIp: t.string,
      state: t.string,
    }),
  ),
})
export type ShownCluster = t.TypeOf<typeof ShownCluster>

/** What it asks of the controller. `endpoint`: where the AWS API is served. */
export const CONTROLLER_METHODS = {
  ...LOG_METHODS,
  clusters: {
    params: Nothing,
    result: t.strict({ position: t.number, endpoint: t.string, clusters: t.readonlyArray(ShownCluster) }),
  },
} as const
export type ControllerMethods = typeof CONTROLLER_METHODS

/** And of the audit sink. */
export const AUDIT_METHODS = { audit, auditHeads } as const
export type AuditMethods = typeof AUDIT_METHODS
