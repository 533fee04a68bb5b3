import * as E from 'fp-ts/lib/Either.js'
import type { KeyMaterial } from '@hsmlab/crypto'
import { HSM_RETURN, type HsmEvent, type HsmIdentity } from '@hsmlab/domain'
import { type Base64, fromBase64, toBase64 } from '@hsmlab/event-sourcing'
import { readBackup, writeBackup } from './backup.ts'
import { decodeClusterKey, privateBytesOf, signStaticKey } from './cluster-key.ts'
import { clusterKeyOf, contentOf, restoreEvents } from './content.ts'
import { type Hsm, type HsmAnswer, refusal } from './hsm.ts'
import type { HsmEnv } from './hsm-env.ts'
import type { HsmLog } from './hsm-log.ts'
import type { Sealer } from './sealer.ts'

/** Appends, and answers when it is on the disk: nothing but what stands there already, if `events` is empty. */
export const written = async (log: HsmLog, events: ReadonlyArray<HsmEvent>): HsmAnswer<void> => {
  const committed = await log.commit({ events, reply: E.right(undefined) })
  if (E.isRight(committed)) return committed
  return refusal(committed.left.hsmReturn === HSM_RETURN.busy ? 'unready' : 'damaged', committed.left.message)
}

export type ContentPart = Readonly<{
  log: HsmLog
  identity: HsmIdentity
  sealer: Sealer
  /** It has compared its keys with its peers. */
  isServing: () => boolean
}>

/** What an HSM holds, as it comes in and goes out as a whole: the cluster's certificate, and backups. */
export const contentOperations = (
  env: HsmEnv,
  { log, identity, sealer, isServing }: ContentPart,
): Pick<Hsm, 'installClusterCertificate' | 'takeBackup' | 'restoreBackup'> => {
  const { state } = log
  const { clusterId, hsmId, staticKey } = identity

  const signedStaticKey = async (clusterKey: KeyMaterial): Promise<Base64 | undefined> => {
    const signature = await signStaticKey(env.engine, clusterKey, { clusterId, hsmId, staticKey })
    return signature === undefined ? undefined : toBase64(signature)
  }

  const installClusterCertificate: Hsm['installClusterCertificate'] = async (certificate, trustAnchor) => {
    if (state.clusterCertificate === certificate && state.trustAnchor === trustAnchor) return written(log, [])
    if (state.phase !== 'UNINITIALIZED') return refusal('wrongCondition', 'The HSM is not waiting for a certificate.')
    const clusterKey = clusterKeyOf(state, sealer)
    const privateBytes = clusterKey === undefined ? undefined : privateBytesOf(clusterKey)
    const isOurs = privateBytes !== undefined && env.certificates.certifiesKey(certificate, privateBytes)
    if (clusterKey === undefined || !isOurs) {
      return refusal('wrongCondition', "The certificate does not certify this HSM's key.")
    }
    const staticSignature = await signedStaticKey(clusterKey)
    if (staticSignature === undefined) return refusal('damaged', "The cluster's key cannot be used.")
    if (state.phase !== 'UNINITIALIZED') return refusal('unready', 'Another certificate is being installed.')
    return written(log, [
      { type: 'ClusterCertificateStored', clusterCertificate: certificate, trustAnchor, staticSignature },
    ])
  }

  const takeBackup: Hsm['takeBackup'] = async (backupId) => {
    if (state.phase !== 'ACTIVE' || !isServing()) {
      return refusal('unready', 'The HSM has not caught up with its peers yet.')
    }
    const content = contentOf(state, sealer)
    if (content === undefined || state.maskingKeyId === undefined) return refusal('damaged', 'The HSM has no content.')
    const position = log.revision()
    const label = { backupId, clusterId, hsmId, maskingKeyId: state.maskingKeyId, position }
    const backup = writeBackup(env, label, content)
    // It leaves when all that it holds is on the disk.
    const stored = await written(log, [{ type: 'BackupTaken', backupId }])
    return E.isLeft(stored) ? stored : E.right({ backup, position })
  }

  const restoreBackup: Hsm['restoreBackup'] = async (backup) => {
    const opened = readBackup(env, backup)
    if (opened === undefined) return refusal('damaged', 'The backup is damaged, or was made by HSMs of another maker.')
    if (state.phase === 'ACTIVE' && state.maskingKeyId === opened.label.maskingKeyId) return written(log, [])
    if (state.phase !== 'BLANK') return refusal('wrongCondition', 'The HSM has content already.')
    const clusterKey = decodeClusterKey(fromBase64(opened.content.clusterKey))
    const staticSignature = clusterKey === undefined ? undefined : await signedStaticKey(clusterKey)
    if (staticSignature === undefined) return refusal('damaged', "The backup's cluster key cannot be used.")
    if (state.phase !== 'BLANK') return refusal('unready', 'Another backup is being restored.')
    return written(log, restoreEvents(opened, sealer, staticSignature))
  }

  return { installClusterCertificate, takeBackup, restoreBackup }
}
