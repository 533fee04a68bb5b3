import type { Decider } from '@hsmlab/event-sourcing'
import { type ControlPlane, emptyControlPlane } from './cluster.ts'
import { decideReport } from './decide-report.ts'
import { decideRequest } from './decide-request.ts'
import { DEFAULT_LIMITS, type Decision, type Limits } from './decision.ts'
import { evolveControlPlane } from './evolve.ts'
import type * as M from './messages.ts'

const decide =
  (limits: Limits) =>
  (command: M.ClusterCommand, plane: ControlPlane): Decision => {
    switch (command.type) {
      case 'CreateCluster':
      case 'CreateHsm':
      case 'InitializeCluster':
      case 'DeleteHsm':
      case 'DeleteCluster':
        return decideRequest(command, plane, limits)
      case 'CompleteClusterCreation':
      case 'RecordHsmProvisioning':
      case 'RecordRestore':
      case 'CompleteHsmCreation':
      case 'CompleteInitialization':
      case 'FailInitialization':
      case 'RecordActivation':
      case 'RecordBackup':
      case 'RecordHandOver':
      case 'DismissHsm':
      case 'CompleteHsmDeletion':
      case 'RecordDecommission':
      case 'ReportHsmDegraded':
      case 'ReportHsmRecovered':
      case 'ReplaceHsm':
      case 'CompleteClusterDeletion':
        return decideReport(command, plane)
    }
  }

/** The clusters of every world in one aggregate: quotas and addresses bind clusters of a world to each other. */
export const clusterDecider = (
  limits: Limits = DEFAULT_LIMITS,
): Decider<M.ClusterCommand, ControlPlane, M.ClusterFact, M.ClusterRejection> => ({
  initial: emptyControlPlane,
  decide: decide(limits),
  evolve: evolveControlPlane,
})
