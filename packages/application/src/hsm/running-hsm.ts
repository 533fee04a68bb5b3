import * as E from 'fp-ts/lib/Either.js'
import { canonicalHsmState, type HsmIdentity, type HsmPhase, rootDigest } from '@hsmlab/domain'
import { type Base64, fromBase64, toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { type DeviceHome, sleep } from '@hsmlab/ports'
import type { ControlNotification, HsmCondition, HsmDescription } from '@hsmlab/protocol'
import { type ChannelServer, serveChannels } from './channel-server.ts'
import { contentOperations, written } from './content-operations.ts'
import { destroySealingKey, type DeviceKeys } from './device-key.ts'
import { handleAllocator } from './handle-allocator.ts'
import { type Hsm, type HsmAnswer, refusal } from './hsm.ts'
import type { HsmCore } from './hsm-core.ts'
import type { HsmEnv } from './hsm-env.ts'
import type { HsmLog } from './hsm-log.ts'
import { publishLog } from './log-publisher.ts'
import { maskingKey, type MaskingKey } from './masking-key.ts'
import { helloOf, readMembership } from './membership.ts'
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
/** How long an HSM that stops waits for the feed to take the end of its log. */
const FAREWELL_MILLIS = 1000

/** The masking key, opened at its first use; dropped with the content. */
const maskingKeyIn = (
  { engine, random }: HsmEnv,
  { state }: HsmLog,
  sealer: Sealer,
): Readonly<{ get: () => MaskingKey | undefined; drop: () => void }> => {
  let masking: MaskingKey | undefined
  const get = (): MaskingKey | undefined => {
    const { sealedMaskingKey, maskingKeyId } = state
    if (sealedMaskingKey === undefined || maskingKeyId === undefined) return undefined
    if (masking !== undefined) return masking
    const key = sealer.open(PURPOSE.maskingKey, sealedMaskingKey)
    if (key !== undefined) masking = maskingKey(engine, random, maskingKeyId, key)
    return masking
  }
  const drop = (): void => {
    masking?.wipe()
    masking = undefined
  }
  return { get, drop }
}

/** Runs one HSM on its open log. */
export const runHsm = (env: HsmEnv, part: RunningHsmPart): Hsm => {
  const { log, identity, sealer } = part
  const { state, store } = log
  const { hsmId, clusterId } = identity
  const { clock, engine, logger } = env
  const sessions = sessionTable(hsmId, store.bootCounter)
  const staticPrivate = sealer.open(PURPOSE.staticKey, identity.sealedStaticKey)
  const identityPrivate = sealer.open(PURPOSE.identityKey, identity.sealedIdentityKey)
  const masking = maskingKeyIn(env, log, sealer)
  let membership = state.membership === undefined ? undefined : readMembership(state.membership.document)
  let hello: Uint8Array | undefined
  let channels: ChannelServer | undefined
  let serving = false
  let draining = false
  let ended = false
  let lastPhase: HsmPhase = state.phase

  const core: HsmCore = {
    ...env,
    log,
    sessions,
    sealer,
    handles: handleAllocator(log),
    openKeys: openKeys(state, engine, masking.get),
    maskingKey: masking.get,
    mode: () => identity.mode,
  }

  const peers = () => (membership?.members ?? []).filter((member) => member.hsmId !== hsmId)
  const sync = startPeerSync(env, { clusterId, hsmId, log, maskingKey: masking.get, peers })
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

  const isZeroized = (): boolean => state.phase === 'ZEROIZED' || part.deviceKeys.sealingKey === undefined
  const isMember = (): boolean => membership?.members.some((member) => member.hsmId === hsmId) === true

  const beat = () => ({
    membershipVersion: state.membership?.version ?? 0,
    position: store.durableHead().revision,
    serving: serving && !draining,
    outstanding: channels?.outstanding() ?? 0,
  })

  /** Before it serves, an HSM compares its keys with every peer that it reaches. */
  const join = async (): Promise<void> => {
    if (ended || serving || isZeroized()) return
    const isReady = state.phase === 'INITIALIZED' || (await sync.roundWithAll())
    if (ended || isZeroized()) return
    serving = isReady
    if (!serving) clock.after(JOIN_RETRY_MILLIS, () => void join())
    else logger.log('info', 'the HSM serves', { hsmId, position: log.revision() })
  }

  /** Opens for clients as soon as there is all that it takes. */
  const openForClients = async (): Promise<void> => {
    const isReady = state.phase === 'INITIALIZED' || state.phase === 'ACTIVE'
    if (ended || !isReady || !isMember() || staticPrivate === undefined) return
    hello = helloOf(identity, state)
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
      ended: (channelId) => {
        for (const session of sessions.ofChannel(channelId)) void endSession(core, session)
      },
    })
    await join()
  }

  const condition = (): HsmCondition => {
    if (isZeroized()) return 'zeroized'
    if (draining) return 'draining'
    if (state.phase === 'BLANK' || state.phase === 'UNINITIALIZED') return 'provisioned'
    if (state.phase === 'INITIALIZED') return 'initialized'
    if (!isMember()) return 'restored'
    return serving ? 'serving' : 'joining'
  }

  const describe = (): HsmDescription => ({
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
  })

  const installMembership = async (document: string, signature: Base64): HsmAnswer<void> => {
    const controllerKey = fromBase64(identity.controllerKey)
    if (!engine.ed25519.verify(controllerKey, utf8Bytes(document), fromBase64(signature))) {
      return refusal('malformed', "The membership does not bear the controller's signature.")
    }
    const next = readMembership(document)
    if (next?.clusterId !== clusterId) return refusal('malformed', 'That is no membership of ours.')
    const isNews = (state.membership?.version ?? -1) < next.version
    const stored = await written(
      log,
      isNews ? [{ type: 'MembershipInstalled', document, signature, membershipVersion: next.version }] : [],
    )
    if (E.isLeft(stored)) return stored
    if (isNews && next.version > (membership?.version ?? -1)) membership = next
    if (channels === undefined) await openForClients()
    else hello = helloOf(identity, state)
    return E.right(undefined)
  }

  const handOver: Hsm['handOver'] = async () => {
    draining = true
    if (peers().length === 0 || (await sync.handOver())) return E.right({ position: store.durableHead().revision })
    return refusal('unready', 'No peer, or not every one that answers, has taken in what this HSM holds.')
  }

  const closeChannels = (): void => {
    channels?.close()
    channels = undefined
  }

  const end = (): void => {
    ended = true
    sync.close()
    publisher?.close()
    closeChannels()
    endStopped()
    endCommitted()
    core.openKeys.closeAll()
    masking.drop()
  }

  /** First nobody is served any more, then the content goes from the log's state, then the key that could open it. */
  const zeroize = async (): HsmAnswer<void> => {
    serving = false
    closeChannels()
    for (const session of sessions.all()) sessions.remove(session)
    core.openKeys.closeAll()
    const stored = await written(log, isZeroized() ? [] : [{ type: 'HsmZeroized' }])
    masking.drop()
    const destroyed = await destroySealingKey(part.home.deviceKey, part.deviceKeys)()
    sealer.destroy()
    staticPrivate?.fill(0)
    if (E.isLeft(destroyed)) return refusal('damaged', 'The sealing key could not be destroyed.')
    if (E.isLeft(stored)) logger.log('warn', 'the log does not tell that the HSM was zeroized', { hsmId })
    return E.right(undefined)
  }

  void openForClients()

  return {
    hsmId,
    clusterId,
    describe,
    ...contentOperations(env, { log, identity, sealer, isServing: () => serving }),
    installMembership,
    handOver,
    zeroize,
    keyHandles: () => [...state.keys.keys()],
    store,
    canonicalState: async () => {
      for (let pending = log.settled(); pending !== undefined; pending = log.settled()) {
        if (!(await pending)) return refusal('damaged', 'The HSM could not write its log.')
      }
      return E.right({ revision: store.durableHead().revision, state: canonicalHsmState(state) })
    },
    stop: async () => {
      if (ended) return
      draining = true
      const open = [...sessions.all()]
      await Promise.all(open.map((session) => closeSession(core, session)))
      await log.settled()
      await Promise.race([publisher?.drained(), sleep(clock, FAREWELL_MILLIS)])
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
