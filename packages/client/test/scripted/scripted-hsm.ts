import * as E from 'fp-ts/lib/Either.js'
import { channel, type Channel, handshake, type Primitives } from '@hsmlab/crypto'
import type { KeyHandle, KeyRecord, Stamp, Tombstone } from '@hsmlab/domain'
import { canonicalJson, toBase64, utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'
import { CKR, type CkrName } from '@hsmlab/pkcs11'
import { type Bus, type Clock, type Random, subject } from '@hsmlab/ports'
import {
  CHANNEL_ID_SIZE,
  channelPrologue,
  decodeCryptoRequest,
  decodePasswordRequest,
  decodeRandomRequest,
  decodeRequests,
  encodeBeat,
  encodeLoginReply,
  encodeReplies,
  HsmHello,
  JSON_OPERATIONS,
  type JsonOperationName,
  type KeyView,
  type Member,
  messageBody,
  OPERATION,
  PROXY_ID_SIZE,
  type ReplyOf,
  type RequestOf,
  type SessionReply,
  type SessionRequest,
  type SignedMembership,
  staticKeyStatement,
  subjects,
} from '@hsmlab/protocol'
import { toHex } from '../../src/hex.ts'
import { scriptedRecord, scriptedTombstone } from './scripted-keys.ts'

/** `undefined`: no answer. */
export type ScriptedAnswer = Omit<SessionReply, 'requestId'> | undefined

export const refuse = (tag: CkrName, hsmReturn = 0, message = ''): ScriptedAnswer => ({
  ckr: CKR[tag],
  hsmReturn,
  body: messageBody(message),
})
const NOTHING = new Uint8Array(0)
export const accept = (body: Uint8Array = NOTHING): ScriptedAnswer => ({ ckr: 0, hsmReturn: 0, body })

type ScriptedUser = { role: 'admin' | 'crypto-user' | 'unactivated-admin'; password: string; failures: number }
type ScriptedSession = { channel: string; user: string | undefined; keys: Map<number, { view: KeyView; tag: number }> }

/** What the HSMs of one scripted cluster share. */
export type ScriptedWorld = Readonly<{
  bus: Bus
  clock: Clock
  random: Random
  engine: Primitives
  clusterId: string
  clusterCertificate: string
  /** By the key of the cluster certificate. */
  signByCluster: (statement: Uint8Array) => Uint8Array
}>

export interface ScriptedHsm {
  readonly member: Member
  readonly users: Map<string, ScriptedUser>
  readonly keys: Map<number, KeyRecord>
  readonly tombstones: Map<number, Tombstone>
  /** Everything that was asked, in order; a repeated request id stands here once. */
  readonly asked: Array<SessionRequest & Readonly<{ name: string }>>
  readonly counts: (name: keyof typeof OPERATION) => number
  /** Answers instead of the HSM when it gives something else than 'usual'. */
  script: (name: string, request: SessionRequest) => ScriptedAnswer | 'usual'
  membership: SignedMembership
  membershipVersion: number
  serving: boolean
  staticKeySigner: (statement: Uint8Array) => Uint8Array
  /** Off the network, both ways; it goes on living. */
  cut: boolean
  /** Its frames are lost both ways; whoever asks it is answered. */
  muted: boolean
  /** Called when somebody asks for a hello. */
  onHello: () => void
  /** Loses channels and sessions, keeps keys and users. */
  readonly restart: () => void
  readonly stop: () => void
  /** Sends bytes to every proxy there is, as anybody on the bus can. */
  readonly sendRaw: (frame: Uint8Array) => void
  /** The last frames it sent. */
  readonly sent: ReadonlyArray<Uint8Array>
  readonly sessions: ReadonlyMap<number, ScriptedSession>
}

const NAMES = new Map<number, string>(Object.entries(OPERATION).map(([name, code]) => [code, name]))

/** An HSM that speaks the real protocol and keeps keys and users in Maps. It knows no cryptography but the channel's. */
export const scriptedHsm = (world: ScriptedWorld, member: Member, membership: SignedMembership): ScriptedHsm => {
  const { bus, clock, random, engine, clusterId } = world
  const staticKey = engine.x25519.generate()
  const channels = new Map<
    string,
    { cipher: Channel; replyTo: string; header: Uint8Array; seen: Map<number, unknown> }
  >()
  const sessions = new Map<number, ScriptedSession>()
  const commands = new Map<string, KeyHandle>()
  const sent: Uint8Array[] = []
  let nextSession = 1
  let nextHandle = member.lane * 0x1_00_0000 + 1
  let stamps = 0
  let stopped = false

  const hsm: ScriptedHsm = {
    member,
    users: new Map(),
    keys: new Map(),
    tombstones: new Map(),
    asked: [],
    counts: (name) => hsm.asked.filter((request) => request.name === name).length,
    script: () => 'usual',
    membership,
    membershipVersion: 1,
    serving: true,
    staticKeySigner: world.signByCluster,
    cut: false,
    muted: false,
    onHello: () => undefined,
    restart: () => {
      channels.clear()
      sessions.clear()
    },
    stop: () => {
      stopped = true
      for (const end of endings) end()
    },
    sendRaw: (frame) => {
      for (const { replyTo } of channels.values()) bus.send(subject(replyTo), frame)
    },
    sent,
    sessions,
  }

  const never = new Promise<never>(() => undefined)
  const hello = async (): Promise<Uint8Array> => {
    if (hsm.cut) return never
    hsm.onHello()
    const statement = staticKeyStatement(clusterId, member.hsmId, toBase64(staticKey.publicKey))
    return utf8Bytes(
      canonicalJson({
        clusterId,
        hsmId: member.hsmId,
        clusterCertificate: world.clusterCertificate,
        staticKey: toBase64(staticKey.publicKey),
        staticSignature: toBase64(hsm.staticKeySigner(utf8Bytes(statement))),
        membership: hsm.membership,
      } satisfies typeof HsmHello._O),
    )
  }

  const shake = async (message: Uint8Array): Promise<Uint8Array> => {
    if (hsm.cut) return never
    const prologue = utf8Bytes(channelPrologue(clusterId, member.hsmId))
    const noise = handshake(engine, { pattern: 'NK', role: 'responder', prologue, staticKey })
    noise.read(message.subarray(PROXY_ID_SIZE))
    const answer = noise.write(NOTHING)
    const result = noise.result()
    if (answer === undefined || result === undefined) return NOTHING
    const header = random.bytes(CHANNEL_ID_SIZE)
    const replyTo = subjects.proxyFrames(toHex(message.subarray(0, PROXY_ID_SIZE)))
    channels.set(toHex(header), { cipher: channel(engine, result), replyTo, header, seen: new Map() })
    return Uint8Array.of(...header, ...answer)
  }

  const send = (channelId: string, replies: ReadonlyArray<SessionReply>): void => {
    const to = channels.get(channelId)
    if (to === undefined || hsm.cut || hsm.muted || replies.length === 0) return
    const sealed = to.cipher.seal(encodeReplies(replies), to.header)
    const frame = Uint8Array.of(...to.header, ...sealed)
    sent.push(frame)
    bus.send(subject(to.replyTo), frame)
  }

  const receive = (frame: Uint8Array): void => {
    if (hsm.cut || hsm.muted) return
    const header = frame.subarray(0, CHANNEL_ID_SIZE)
    const channelId = toHex(header)
    const from = channels.get(channelId)
    const plaintext = from?.cipher.open(frame.subarray(CHANNEL_ID_SIZE), header)
    const requests = plaintext && decodeRequests(plaintext)
    if (from === undefined || requests === undefined) return
    const replies: SessionReply[] = []
    for (const { requestId, operation, session, body } of requests) {
      if (operation === OPERATION.beat) continue
      const name = NAMES.get(operation) ?? 'unknown'
      // The bodies that carry passwords are wiped by whoever sends and by whoever receives them.
      const request = { requestId, operation, session, body: body.slice() }
      const known = from.seen.get(requestId)
      if (known === undefined) hsm.asked.push({ ...request, name })
      const scripted = hsm.script(name, request)
      const answer = scripted === 'usual' ? ((known as ScriptedAnswer) ?? answerTo(channelId, name, request)) : scripted
      if (answer === undefined) continue
      if (scripted === 'usual') from.seen.set(requestId, answer)
      replies.push({ requestId, ...answer })
    }
    send(channelId, replies)
  }

  const beat = (): void => {
    if (stopped) return
    const body = encodeBeat({
      membershipVersion: hsm.membershipVersion,
      position: 0,
      serving: hsm.serving,
      outstanding: 0,
    })
    for (const channelId of channels.keys()) send(channelId, [{ requestId: 0, ckr: 0, hsmReturn: 0, body }])
    clock.after(50, beat)
  }

  const json = <Name extends JsonOperationName>(name: Name, body: Uint8Array): RequestOf<Name> => {
    const decoded = JSON_OPERATIONS[name].request.decode(JSON.parse(utf8Text(body) ?? ''))
    if (E.isLeft(decoded)) throw new Error(`the client sent a malformed ${name}`)
    return decoded.right
  }
  const say = <Name extends JsonOperationName>(_name: Name, reply: ReplyOf<Name>): ScriptedAnswer =>
    accept(utf8Bytes(canonicalJson(reply)))

  const answerTo = (channelId: string, name: string, { session: number, body }: SessionRequest): ScriptedAnswer => {
    if (name === 'openSession') {
      const session = nextSession++
      sessions.set(session, { channel: channelId, user: undefined, keys: new Map() })
      return say('openSession', { session })
    }
    if (name === 'membership') return say('membership', hsm.membership)
    const session = sessions.get(number)
    if (session === undefined || session.channel !== channelId) return refuse('CKR_SESSION_HANDLE_INVALID')
    return inSession(session, number, name, body)
  }

  const inSession = (session: ScriptedSession, number: number, name: string, body: Uint8Array): ScriptedAnswer => {
    switch (name) {
      case 'closeSession':
        sessions.delete(number)
        return accept(utf8Bytes('{}'))
      case 'login':
        return login(session, body)
      case 'logout':
        session.user = undefined
        session.keys.clear()
        return accept(utf8Bytes('{}'))
      case 'endTag': {
        const { tag } = json('endTag', body)
        for (const [handle, key] of session.keys) if (key.tag === tag) session.keys.delete(handle)
        return accept(utf8Bytes('{}'))
      }
      case 'listUsers':
        return say('listUsers', {
          users: [...hsm.users].map(([username, { role, failures }]) => ({ username, role, locked: failures > 5 })),
        })
      case 'hsmInfo':
        return say('hsmInfo', {
          hsmId: member.hsmId,
          vendor: 'scripted',
          model: 'scripted',
          serialNumber: '1',
          hardwareVersionMajor: '1',
          hardwareVersionMinor: '0',
          firmwareVersionMajor: '1',
          firmwareVersionMinor: '0',
          firmwareBuildNumber: '1',
          firmwareId: 'scripted',
          fipsState: 'FIPS',
        })
      case 'changePassword': {
        const request = decodePasswordRequest(body)
        const user = hsm.users.get(request?.username ?? '')
        if (request === undefined || user === undefined) return refuse('CKR_FUNCTION_FAILED')
        user.password = utf8Text(request.password) ?? ''
        if (user.role === 'unactivated-admin') user.role = 'admin'
        return accept()
      }
      default:
        return session.user === undefined ? refuse('CKR_USER_NOT_LOGGED_IN') : asUser(session, name, body)
    }
  }

  const login = (session: ScriptedSession, body: Uint8Array): ScriptedAnswer => {
    const request = decodePasswordRequest(body)
    if (request === undefined) return refuse('CKR_ARGUMENTS_BAD')
    const user = hsm.users.get(request.username)
    if (user === undefined) return refuse('CKR_PIN_INCORRECT', 157)
    if (user.failures > 5) return refuse('CKR_PIN_LOCKED', 163)
    if (user.password !== utf8Text(request.password)) {
      user.failures += 1
      return refuse('CKR_PIN_INCORRECT', 163)
    }
    user.failures = 0
    session.user = request.username
    return accept(encodeLoginReply(user.role))
  }

  const stamp = (): Stamp => `${(++stamps).toString(16).padStart(17, '0')}-${member.hsmId}` as Stamp

  const viewOf = ({ handle, owner, generation, fixed, mutable }: KeyRecord): KeyView => ({
    handle,
    generation,
    owner,
    sharedWith: [],
    attributes: { ...fixed, ...mutable },
  })

  const makeKey = (
    session: ScriptedSession,
    handle: KeyHandle,
    { commandId, tag, template }: Pick<RequestOf<'generateKey'>, 'commandId' | 'tag' | 'template'>,
  ): KeyView => {
    const token = template.CKA_TOKEN === true
    const record = scriptedRecord(handle, session.user ?? '', token, stamp(), template.CKA_CLASS ?? 'CKO_SECRET_KEY')
    commands.set(commandId, handle)
    if (token) hsm.keys.set(handle, record)
    else session.keys.set(handle, { view: viewOf(record), tag })
    return viewOf(record)
  }

  const find = (session: ScriptedSession, handle: number): KeyView | undefined => {
    const record = hsm.keys.get(handle)
    return record === undefined ? session.keys.get(handle)?.view : viewOf(record)
  }

  const asUser = (session: ScriptedSession, name: string, body: Uint8Array): ScriptedAnswer => {
    switch (name) {
      case 'sign':
      case 'verify':
      case 'encrypt':
      case 'decrypt': {
        const request = decodeCryptoRequest(body)
        if (request === undefined) return refuse('CKR_ARGUMENTS_BAD')
        if (find(session, request.handle) === undefined) return refuse('CKR_KEY_HANDLE_INVALID')
        if (name === 'verify') return request.signature.length === 0 ? refuse('CKR_SIGNATURE_INVALID') : accept()
        return accept(utf8Bytes(`${name} by ${member.hsmId}`))
      }
      case 'random':
        return accept(random.bytes(decodeRandomRequest(body) ?? 0))
      case 'createUser': {
        const request = decodePasswordRequest(body)
        if (request === undefined) return refuse('CKR_ARGUMENTS_BAD')
        if (hsm.users.has(request.username)) return refuse('CKR_FUNCTION_FAILED', 0, 'User already exists.')
        hsm.users.set(request.username, {
          role: request.role,
          password: utf8Text(request.password) ?? '',
          failures: 0,
        })
        return accept()
      }
      case 'deleteUser': {
        const { username } = json('deleteUser', body)
        if (!hsm.users.delete(username)) return refuse('CKR_FUNCTION_FAILED', 0, 'User does not exist.')
        return accept(utf8Bytes('{}'))
      }
      case 'generateKey': {
        const request = json('generateKey', body)
        const known = commands.get(request.commandId)
        const handle = known ?? (nextHandle++ as KeyHandle)
        const key = (known && find(session, known)) || makeKey(session, handle, request)
        return say('generateKey', { key })
      }
      case 'generateKeyPair': {
        const { commandId, tag, publicTemplate, privateTemplate } = json('generateKeyPair', body)
        const handle = nextHandle as KeyHandle
        nextHandle += 2
        const template = { CKA_CLASS: 'CKO_PUBLIC_KEY', ...publicTemplate } as const
        const publicKey = makeKey(session, handle, { commandId, tag, template })
        const privateKey = makeKey(session, (handle + 1) as KeyHandle, {
          commandId,
          tag,
          template: { CKA_CLASS: 'CKO_PRIVATE_KEY', ...privateTemplate },
        })
        return say('generateKeyPair', { publicKey, privateKey })
      }
      case 'findKeys': {
        const { filter, after, limit } = json('findKeys', body)
        const all = [...[...hsm.keys.values()].map(viewOf), ...[...session.keys.values()].map(({ view }) => view)]
        const hits = all
          .filter(({ handle }) => handle > after && (filter.handle ?? handle) === handle)
          .sort((a, b) => a.handle - b.handle)
        return say('findKeys', { keys: hits.slice(0, limit), more: hits.length > limit })
      }
      case 'getKey': {
        const key = find(session, json('getKey', body).handle)
        return key === undefined ? refuse('CKR_OBJECT_HANDLE_INVALID') : say('getKey', { key })
      }
      case 'extractKey': {
        const record = hsm.keys.get(json('extractKey', body).handle)
        return record === undefined ? refuse('CKR_OBJECT_HANDLE_INVALID') : say('extractKey', { record })
      }
      case 'insertKey': {
        const { record } = json('insertKey', body)
        if (!hsm.tombstones.has(record.handle)) hsm.keys.set(record.handle, record)
        return accept(utf8Bytes('{}'))
      }
      case 'destroyKey': {
        const { handle, tombstone } = json('destroyKey', body)
        if (session.keys.delete(handle)) return say('destroyKey', {})
        if (tombstone === undefined && !hsm.keys.has(handle)) return refuse('CKR_OBJECT_HANDLE_INVALID')
        const made = tombstone ?? scriptedTombstone(handle, stamp())
        hsm.keys.delete(handle)
        hsm.tombstones.set(handle, made)
        return say('destroyKey', { tombstone: made })
      }
      default:
        return refuse('CKR_FUNCTION_NOT_SUPPORTED')
    }
  }

  const endings = [
    bus.serve(subject(subjects.hello(member.hsmId)), hello),
    bus.serve(subject(subjects.helloAt(member.eniIp)), hello),
    bus.serve(subject(subjects.handshake(member.hsmId)), shake),
    bus.listen(subject(subjects.hsmFrames(member.hsmId)), receive),
  ]
  clock.after(50, beat)
  return hsm
}
