import * as E from 'fp-ts/lib/Either.js'
import type { KeyMaterial } from '@hsmlab/crypto'
import { canonicalHsmState, HSM_RETURN, type HsmIdentity, type HsmPhase, rootDigest } from '@hsmlab/domain'
import { type Base64, canonicalJson, fromBase64, parseJson, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { type ControlNotification, type HsmCondition, HsmHello, Membership } from '@hsmlab/protocol'
import { readBackup, writeBackup } from './backup.ts'
import { serveChannels, type ChannelServer } from './channel-server.ts'
import { decodeClusterKey, privateBytesOf, signStaticKey } from './cluster-key.ts'
import { clusterKeyOf, contentOf, restoreEvents } from './content.ts'
import { destroySealingKey, type DeviceKeys } from './device-key.ts'
import { handleAllocator } from './handle-allocator.ts'
import { type Hsm, type HsmAnswer, refusal } from './hsm.ts'
import type { HsmCore } from './hsm-core.ts'
import type { DeviceHome } from '@hsmlab/ports'
import type { HsmEnv } from './hsm-env.ts'
import type { HsmLog } from './hsm-log.ts'
import { publishLog } from './log-publisher.ts'
import { maskingKey, type MaskingKey } from './masking-key.ts'
import { openKeys } from './open-keys.ts'
import { answerRequest } from './operations.ts'
import { startPeerSync } from './peer-sync.ts'
import { PURPOSE, type Sealer } from './sealer.ts'
import { closeSession, endSession } from './session-operations.ts'
import { sessionTable } from './session-table.ts'

export type RunningHsmPart = Readonly<{
  home: DeviceHome
  log: HsmLog
  identity: HsmIdentity
  deviceKeys: DeviceKeys
  sealer: Sealer
  /** The log can no longer be written: the owner stops this HSM and opens it anew. */
  failed: () => void
  notify: (what: ControlNotification['what']) => void
}>

/** How long a joining HSM waits before it tries its peers again. */
const JOIN_RETRY_MILLIS = 200

type MembershipDocument = typeof Membership._A

const readMembership = (document: string): MembershipDocument | undefined => {
  const decoded = Membership.decode(parseJson(document))
  return E.isRight(decoded) ? decoded.right : undefined
}

/** Runs one HSM on its open log. */
export const runHsm = (env: HsmEnv, part: RunningHsmPart): Hsm => {
  const { log, identity, sealer } = part
  const { state, store } = log
  const { hsmId, clusterId } = identity
  const { clock, engine, logger, random } = env
  const sessions = sessionTable(hsmId, store.bootCounter)
  const staticPrivate = sealer.open(PURPOSE.staticKey, identity.sealedStaticKey)
  const identityPrivate = sealer.open(PURPOSE.identityKey, identity.sealedIdentityKey)
  let masking: MaskingKey | undefined
  let membership = state.membership === undefined ? undefined : readMembership(state.membership.document)
  let hello: Uint8Array | undefined
  let channels: ChannelServer | undefined
  let serving = false
  let draining = false
  let ended = false
  let lastPhase: HsmPhase = state.phase

  const currentMaskingKey = (): MaskingKey | undefined => {
    if (masking !== undefined || state.sealedMaskingKey === undefined || state.maskingKeyId === undefined) {
      return state.sealedMaskingKey === undefined ? undefined : masking
    }
    const key = sealer.open(PURPOSE.maskingKey, state.sealedMaskingKey)
    if (key !== undefined) masking = maskingKey(engine, random, state.maskingKeyId, key)
    return masking
  }

  const core: HsmCore = {
    ...env,
    log,
    sessions,
    sealer,
    handles: handleAllocator(log),
    openKeys: openKeys(state, engine, currentMaskingKey),
    maskingKey: currentMaskingKey,
    mode: () => identity.mode,
  }

  const peers = () => (membership?.members ?? []).map((member) => member.hsmId).filter((each) => each !== hsmId)
  const sync = startPeerSync(env, { clusterId, hsmId, log, maskingKey: currentMaskingKey, peers })
  const publisher =
    identityPrivate === undefined
      ? undefined
      : publishLog(env, {
          clusterId,
          hsmId,
          store,
          identityKey: identity.identityKey,
          identityPrivateKey: identityPrivate,
        })

  const endStopped = store.onStopped(() => part.failed())
  const endCommitted = store.onCommitted(() => {
    const phase = log.durablePhase()
    if (lastPhase === 'INITIALIZED' && phase === 'ACTIVE') part.notify('activated')
    lastPhase = phase
  })

  const endSessions = (channelId: string): void => {
    for (const session of sessions.ofChannel(channelId)) void endSession(core, session)
  }

  /** What a proxy needs to trust this HSM. */
  const makeHello = (): Uint8Array | undefined => {
    const { clusterCertificate, staticSignature, membership: installed } = state
    if (clusterCertificate === undefined || staticSignature === undefined || installed === undefined) return undefined
    const { document, signature } = installed
    const { staticKey } = identity
    const told = {
      clusterId,
      hsmId,
      clusterCertificate,
      staticKey,
      staticSignature,
      membership: { document, signature },
    }
    return utf8Bytes(canonicalJson(HsmHello.encode(told)))
  }

  const beat = () => ({
    membershipVersion: state.membership?.version ?? 0,
    position: store.durableHead().revision,
    serving: serving && !draining,
    outstanding: channels?.outstanding() ?? 0,
  })

  const isMember = (): boolean => membership?.members.some((member) => member.hsmId === hsmId) === true

  /** Before it serves, an HSM compares its keys with every peer that it reaches. */
  const join = async (): Promise<void> => {
    if (ended || serving) return
    serving = state.phase === 'INITIALIZED' || (await sync.roundWithAll())
    if (!serving && !ended) clock.after(JOIN_RETRY_MILLIS, () => void join())
    else logger.log('info', 'the HSM serves', { hsmId, position: log.revision() })
  }

  /** Opens for clients as soon as there is all that it takes. */
  const openForClients = async (): Promise<void> => {
    const isReady = state.phase === 'INITIALIZED' || state.phase === 'ACTIVE'
    if (ended || !isReady || !isMember() || staticPrivate === undefined) return
    hello = makeHello()
    if (hello === undefined || channels !== undefined) return
    channels = serveChannels(env, {
      clusterId,
      hsmId,
      eniIp: identity.eniIp,
      staticKey: { privateKey: staticPrivate, publicKey: fromBase64(identity.staticKey) },
      hello: () => hello,
      answer: (channelId, request) => answerRequest(core, channelId, serving && !draining, request),
      beat,
      isInUse: (channelId) => sessions.ofChannel(channelId).some(({ user }) => user !== undefined),
      ended: endSessions,
    })
    await join()
  }

  const condition = (): HsmCondition => {
    if (state.phase === 'ZEROIZED' || part.deviceKeys.sealingKey === undefined) return 'zeroized'
    if (draining) return 'draining'
    if (state.phase === 'BLANK' || state.phase === 'UNINITIALIZED') return 'provisioned'
    if (state.phase === 'INITIALIZED') return 'initialized'
    if (!isMember()) return 'restored'
    return serving ? 'serving' : 'joining'
  }

  const written = async (events: Parameters<HsmLog['append']>[0]): HsmAnswer<void> => {
    const committed = await log.commit({ events, reply: E.right(undefined) })
    if (E.isRight(committed)) return committed
    return refusal(committed.left.hsmReturn === HSM_RETURN.busy ? 'unready' : 'damaged', committed.left.message)
  }

  const signedStaticKey = async (clusterKey: KeyMaterial): Promise<Base64 | undefined> => {
    const { staticKey } = identity
    const signature = await signStaticKey(engine, clusterKey, { clusterId, hsmId, staticKey })
    return signature === undefined ? undefined : toBase64(signature)
  }

  const installClusterCertificate = async (certificate: string, trustAnchor: string): HsmAnswer<void> => {
    if (state.clusterCertificate === certificate && state.trustAnchor === trustAnchor) return E.right(undefined)
    if (state.phase !== 'UNINITIALIZED') return refusal('wrongCondition', 'The HSM is not waiting for a certificate.')
    const clusterKey = clusterKeyOf(state, sealer)
    const privateBytes = clusterKey === undefined ? undefined : privateBytesOf(clusterKey)
    if (
      clusterKey === undefined ||
      privateBytes === undefined ||
      !env.certificates.certifiesKey(certificate, privateBytes)
    ) {
      return refusal('wrongCondition', "The certificate does not certify this HSM's key.")
    }
    const staticSignature = await signedStaticKey(clusterKey)
    if (staticSignature === undefined) return refusal('damaged', "The cluster's key cannot be used.")
    return written([
      { type: 'ClusterCertificateStored', clusterCertificate: certificate, trustAnchor, staticSignature },
    ])
  }

  const installMembership = async (document: string, signature: Base64): HsmAnswer<void> => {
    const controllerKey = fromBase64(identity.controllerKey)
    if (!engine.ed25519.verify(controllerKey, utf8Bytes(document), fromBase64(signature))) {
      return refusal('malformed', "The membership does not bear the controller's signature.")
    }
    const next = readMembership(document)
    if (next === undefined || next.clusterId !== clusterId)
      return refusal('malformed', 'That is no membership of ours.')
    if ((state.membership?.version ?? -1) < next.version) {
      const stored = await written([
        { type: 'MembershipInstalled', document, signature, membershipVersion: next.version },
      ])
      if (E.isLeft(stored)) return stored
      membership = next
    }
    if (channels === undefined) await openForClients()
    else hello = makeHello()
    return E.right(undefined)
  }

  const takeBackup: Hsm['takeBackup'] = async (backupId) => {
    if (state.phase !== 'ACTIVE' || !serving) return refusal('unready', 'The HSM has not caught up with its peers yet.')
    if ((await log.settled()) === false) return refusal('damaged', 'The HSM could not write its log.')
    const content = contentOf(state, sealer)
    if (content === undefined || state.maskingKeyId === undefined) return refusal('damaged', 'The HSM has no content.')
    const position = log.revision()
    const label = { backupId, clusterId, hsmId, maskingKeyId: state.maskingKeyId, position }
    const backup = writeBackup(env, label, content)
    const stored = await written([{ type: 'BackupTaken', backupId }])
    return E.isLeft(stored) ? stored : E.right({ backup, position })
  }

  const restoreBackup = async (backup: Uint8Array): HsmAnswer<void> => {
    const opened = readBackup(env, backup)
    if (opened === undefined) return refusal('damaged', 'The backup is damaged, or was made by HSMs of another maker.')
    if (state.phase === 'ACTIVE' && state.maskingKeyId === opened.label.maskingKeyId) return E.right(undefined)
    if (state.phase !== 'BLANK') return refusal('wrongCondition', 'The HSM has content already.')
    const clusterKey = decodeClusterKey(fromBase64(opened.content.clusterKey))
    const staticSignature = clusterKey === undefined ? undefined : await signedStaticKey(clusterKey)
    if (staticSignature === undefined) return refusal('damaged', "The backup's cluster key cannot be used.")
    return written(restoreEvents(opened, sealer, staticSignature))
  }

  const handOver: Hsm['handOver'] = async () => {
    draining = true
    if (peers().length === 0 || (await sync.handOver())) return E.right({ position: log.revision() })
    return refusal('unready', 'Not every peer has taken in what this HSM holds.')
  }

  const end = (): void => {
    ended = true
    sync.close()
    publisher?.close()
    channels?.close()
    endStopped()
    endCommitted()
    core.openKeys.closeAll()
  }

  const zeroize = async (): HsmAnswer<void> => {
    const stored = await written([{ type: 'HsmZeroized' }])
    const destroyed = await destroySealingKey(part.home.deviceKey, part.deviceKeys)()
    masking = undefined
    serving = false
    channels?.close()
    channels = undefined
    for (const session of sessions.all()) sessions.remove(session)
    core.openKeys.closeAll()
    return E.isLeft(destroyed) ? refusal('damaged', 'The sealing key could not be destroyed.') : stored
  }

  void openForClients()

  return {
    hsmId,
    describe: () => ({
      clusterId,
      hsmId,
      condition: condition(),
      activated: log.durablePhase() === 'ACTIVE',
      position: store.durableHead().revision,
      membershipVersion: state.membership?.version ?? 0,
      keys: state.keys.size,
      users: state.users.size,
      digest: toBase64(rootDigest(log.keys.digest())),
      lag: sync.takenIn(),
    }),
    installClusterCertificate,
    installMembership,
    takeBackup,
    restoreBackup,
    handOver,
    zeroize,
    keyHandles: () => [...state.keys.keys()],
    store,
    canonicalState: async () => {
      for (let pending = log.settled(); pending !== undefined && (await pending); pending = log.settled());
      return { revision: store.durableHead().revision, state: canonicalHsmState(state) }
    },
    stop: async () => {
      if (ended) return
      draining = true
      const open = [...sessions.all()]
      await Promise.all(open.map((session) => closeSession(core, session)))
      await log.settled()
      end()
      await store.close()()
    },
    crash: async () => {
      if (ended) return
      end()
      await store.close()()
    },
  }
}
