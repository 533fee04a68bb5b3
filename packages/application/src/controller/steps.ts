import * as E from 'fp-ts/lib/Either.js'
import { toBase64 } from '@hsmlab/event-sourcing'
import type { Cluster, ClusterCommand, ClusterReport, CommandId, Hsm, HsmId } from '@hsmlab/domain'
import type { ControlRefusal } from '@hsmlab/protocol'
import type { ControlFailure } from '../control-channel/control-client.ts'
import { type BackupFailure, describeBackupFailure, restoreBackup, takeBackup } from './backups.ts'
import type { ControllerEnv, ControllerPart } from './controller-env.ts'
import type { ControllerLog } from './controller-log.ts'
import { drawBackupId, drawHsmId, drawLane } from './draw-ids.ts'
import type { Step } from './plan.ts'
import type { Racks } from './racks.ts'
import type { Sightings } from './sightings.ts'
import { signedMembership } from './signed-membership.ts'
import type { StepOutcome } from './step-runner.ts'
import { turnstile } from './turnstile.ts'
import type { Vault } from './vault.ts'

/** API Reference: Cluster, `StateMessage`. */
const STATE_MESSAGE_LENGTH_MAX = 300

type StepOf<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>
type HsmStep = Extract<Step, { hsmId: HsmId }>

export type StepTools = Readonly<{
  env: ControllerEnv
  part: ControllerPart
  log: ControllerLog
  racks: Racks
  vault: Vault
  sightings: Sightings
}>

type Subject = Readonly<{ cluster: Cluster; hsm: Hsm }>

/** A later attempt may find the HSM otherwise; what a refusal says about the certificate itself stays so. */
const isFinal = ({ code }: ControlRefusal): boolean => code === 'wrongCondition' || code === 'malformed'

/** Does one step and reports it. Whatever fails is tried again by whoever runs it. */
export const stepExecutor = (tools: StepTools): ((step: Step) => Promise<StepOutcome>) => {
  const { env, part, log, racks, sightings } = tools
  const { clock, engine, logger, random } = env
  /** A rack keeps one backup at a time: it is read before the next one is taken. */
  const oneAtATime = turnstile()

  const submit = async (report: ClusterReport): Promise<StepOutcome> => {
    const submitted = await log.submit(report)()
    return E.isRight(submitted) ? 'done' : 'later'
  }
  const reportOf = <Type extends ClusterReport['type']>(type: Type, step: Step) => ({
    type,
    at: clock.wallMicros(),
    clusterId: step.clusterId,
  })

  const postpone = (step: Step, why: string): StepOutcome => {
    logger.log('warn', why, { step: step.kind, clusterId: step.clusterId, hsmId: 'hsmId' in step ? step.hsmId : '' })
    return 'later'
  }
  const refusedBy = (step: Step, failure: BackupFailure | ControlFailure): StepOutcome => {
    // A rack that is away says nothing new each time it is asked.
    if (failure._tag === 'RackUnreachable') return 'later'
    if (failure._tag === 'ControlRefused' && failure.refusal.code === 'unready') return 'soon'
    return postpone(step, describeBackupFailure(failure))
  }

  const subjectOf = ({ clusterId, hsmId }: HsmStep): Subject | undefined => {
    const cluster = log.durable().plane.clusters[clusterId]
    const hsm = cluster?.hsms[hsmId]
    return cluster === undefined || hsm === undefined ? undefined : { cluster, hsm }
  }

  const commandId = (step: HsmStep): CommandId => `${step.kind}-${step.hsmId}` as CommandId

  const installMembership = async (step: HsmStep, cluster: Cluster) => {
    const { version } = cluster.membership
    const signed = signedMembership(engine, part.signingKey, cluster)
    const command = { commandId: `membership-${version}-${step.hsmId}` as CommandId, hsmId: step.hsmId, ...signed }
    const installed = await racks.ask(step.zone, 'installMembership', command)
    if (E.isRight(installed)) sightings.hasMembership(step.hsmId, version)
    return installed
  }

  const provision = async (step: StepOf<'provision'>, { cluster, hsm }: Subject): Promise<StepOutcome> => {
    const provisioned = await racks.ask(step.zone, 'provisionHsm', {
      commandId: commandId(step),
      clusterId: cluster.clusterId,
      hsmId: hsm.hsmId,
      lane: hsm.lane,
      availabilityZone: step.zone,
      eniIp: hsm.place.eniIp,
      hsmType: cluster.hsmType,
      mode: cluster.mode,
      first: hsm.origin === 'first',
      controllerKey: toBase64(part.signingKey.publicKey),
    })
    if (E.isLeft(provisioned)) return refusedBy(step, provisioned.left)
    const { serialNumber, identityKey, certificates } = provisioned.right
    if (hsm.origin === 'first' && certificates === undefined)
      return postpone(step, 'The first HSM shows no certificates.')
    const { hsmId } = hsm
    return submit({ ...reportOf('RecordHsmProvisioning', step), hsmId, serialNumber, identityKey, certificates })
  }

  const installCertificate = async (step: StepOf<'installCertificate'>, { cluster }: Subject): Promise<StepOutcome> => {
    const { certificate, trustAnchor } = cluster
    if (certificate === undefined || trustAnchor === undefined) return 'later'
    const command = { commandId: commandId(step), hsmId: step.hsmId, certificate, trustAnchor }
    const installed = await racks.ask(step.zone, 'installClusterCertificate', command)
    if (E.isLeft(installed)) {
      const { left } = installed
      if (left._tag !== 'ControlRefused' || !isFinal(left.refusal)) return refusedBy(step, left)
      const reason = left.refusal.message.slice(0, STATE_MESSAGE_LENGTH_MAX)
      return submit({ ...reportOf('FailInitialization', step), reason })
    }
    // Its membership is what an HSM opens for clients with, once it has a certificate.
    const opened = await installMembership(step, cluster)
    return E.isLeft(opened) ? refusedBy(step, opened.left) : submit(reportOf('CompleteInitialization', step))
  }

  const backUp = (step: StepOf<'takeBackup'>): Promise<StepOutcome> =>
    oneAtATime(step.zone, async () => {
      const taken = await takeBackup({ ...env, ...tools }, step, drawBackupId(random))
      sightings.backup(step.hsmId, E.isRight(taken))
      return E.isLeft(taken)
        ? refusedBy(step, taken.left)
        : submit({ ...reportOf('RecordBackup', step), ...taken.right })
    })

  const restore = async (step: StepOf<'restore'>, { cluster }: Subject): Promise<StepOutcome> => {
    const { hsmId, backupId } = step
    const backup = cluster.backups.find((candidate) => candidate.backupId === backupId)
    if (backup === undefined) return 'later'
    const restored = await restoreBackup({ ...env, ...tools }, step, backup)
    if (E.isLeft(restored)) return refusedBy(step, restored.left)
    return submit({ ...reportOf('RecordRestore', step), hsmId, backupId })
  }

  /** Its peers must know a newcomer before it turns to them; one that does not answer cannot keep it waiting. */
  const isExpected = ({ membership, hsms }: Cluster): boolean =>
    membership.members.every((hsmId) => {
      const { membershipVersion, silentMillis } = sightings.of(hsmId)
      const isPresent = hsms[hsmId]?.state === 'ACTIVE' && silentMillis < part.settings.silenceMillis
      return !isPresent || membershipVersion === membership.version
    })

  /** A new HSM is ACTIVE once it has its membership and, where it has peers, has compared its keys with theirs. */
  const admit = async (step: StepOf<'admit'>, { cluster, hsm }: Subject): Promise<StepOutcome> => {
    const { hsmId } = hsm
    if (!isExpected(cluster)) return 'soon'
    const installed = await installMembership(step, cluster)
    if (E.isLeft(installed)) return refusedBy(step, installed.left)
    const described = await racks.ask(step.zone, 'describeHsm', { hsmId })
    if (E.isLeft(described)) return refusedBy(step, described.left)
    sightings.describe(described.right)
    const { condition } = described.right
    const isReady =
      hsm.origin === 'first' ? condition === 'provisioned' || condition === 'serving' : condition === 'serving'
    return isReady ? submit({ ...reportOf('CompleteHsmCreation', step), hsmId }) : 'soon'
  }

  const pushMembership = async (step: HsmStep, { cluster }: Subject): Promise<StepOutcome> => {
    const installed = await installMembership(step, cluster)
    return E.isLeft(installed) ? refusedBy(step, installed.left) : 'done'
  }

  const handOver = async (step: HsmStep): Promise<StepOutcome> => {
    const { hsmId } = step
    const handedOver = await racks.ask(step.zone, 'handOverHsm', { commandId: commandId(step), hsmId })
    return E.isLeft(handedOver)
      ? refusedBy(step, handedOver.left)
      : submit({ ...reportOf('RecordHandOver', step), hsmId })
  }

  const clearRemains = async (step: HsmStep): Promise<StepOutcome> => {
    const { hsmId } = step
    const cleared = await racks.ask(step.zone, 'decommissionHsm', { commandId: commandId(step), hsmId })
    return E.isLeft(cleared)
      ? refusedBy(step, cleared.left)
      : submit({ ...reportOf('RecordDecommission', step), hsmId })
  }

  /** An HSM that is given up leaves remains: they are cleared when its rack answers again. */
  const decommission = async (step: StepOf<'decommission'>): Promise<StepOutcome> => {
    const { hsmId } = step
    const ended = await racks.ask(step.zone, 'decommissionHsm', { commandId: commandId(step), hsmId })
    if (E.isLeft(ended) && !step.mayGiveUp) return refusedBy(step, ended.left)
    const deleted = await submit({ ...reportOf('CompleteHsmDeletion', step), hsmId })
    if (E.isLeft(ended) || deleted === 'later') return deleted
    return submit({ ...reportOf('RecordDecommission', step), hsmId })
  }

  const replace = async (step: StepOf<'replace'>): Promise<StepOutcome> => {
    const { clusterId, hsmId } = step
    const replacementId = drawHsmId(random)
    const command: ClusterCommand = { ...reportOf('ReplaceHsm', step), hsmId, replacementId, lane: drawLane(random) }
    const submitted = await log.submit(command)()
    return E.isRight(submitted) && submitted.right.clusters[clusterId]?.hsms[hsmId] === undefined ? 'done' : 'later'
  }

  return async (step) => {
    switch (step.kind) {
      case 'completeClusterCreation':
        return submit(reportOf('CompleteClusterCreation', step))
      case 'completeClusterDeletion':
        return submit(reportOf('CompleteClusterDeletion', step))
      case 'clearRemains':
        return clearRemains(step)
      default:
    }
    const subject = subjectOf(step)
    if (subject === undefined) return 'later'
    switch (step.kind) {
      case 'provision':
        return provision(step, subject)
      case 'installCertificate':
        return installCertificate(step, subject)
      case 'takeBackup':
        return backUp(step)
      case 'restore':
        return restore(step, subject)
      case 'admit':
        return admit(step, subject)
      case 'pushMembership':
        return pushMembership(step, subject)
      case 'handOver':
        return handOver(step)
      case 'dismiss':
        return submit({ ...reportOf('DismissHsm', step), hsmId: step.hsmId })
      case 'decommission':
        return decommission(step)
      case 'replace':
        return replace(step)
    }
  }
}
