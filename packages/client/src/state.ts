import type { Either } from 'fp-ts/lib/Either.js'
import type { Primitives } from '@hsmlab/crypto'
import type { KeyHandle, Stamp, Username } from '@hsmlab/domain'
import type {
  Datagrams,
  HasCertificateVerifier,
  HasClock,
  HasLogger,
  HasRandom,
  Requests,
  Subject,
} from '@hsmlab/ports'
import type { LoggedInRole, Member, Membership, Role } from '@hsmlab/protocol'
import type { ClientFailure, ClusterSettings } from './face.ts'

/** The ports that a client stands on. */
export type ClientEnv = HasClock &
  HasRandom &
  HasLogger &
  HasCertificateVerifier &
  Readonly<{ bus: Requests & Datagrams; engine: Primitives }>

/** Seals and opens the frames of one Noise channel. */
export interface FrameChannel {
  readonly seal: (plaintext: Uint8Array) => Uint8Array
  /** `undefined`: forged, stale, or of another channel. */
  readonly open: (frame: Uint8Array) => Uint8Array | undefined
}

/** Why a request has no answer. */
export type Loss =
  /** Its HSM has been silent for longer than it waits. */
  | 'silent'
  /** Its channel has been replaced. */
  | 'channel'
  | 'deadline'
  /** The client, or its link to the HSM, was closed. */
  | 'closed'

/** What an HSM answered. `ckr` 0: done. */
export type Reply = Readonly<{ ckr: number; hsmReturn: number; body: Uint8Array }>
export type Outcome = Readonly<{ reply: Reply } | { loss: Loss }>

/** A request on its way. Times are monotonic milliseconds; `requestId` is 0 while it stands on no link. */
type OnItsWay = {
  readonly operation: number
  readonly body: Uint8Array
  session: number
  requestId: number
  resendAt: number
  resendWait: number
  readonly deadline: number
}

/** A request to one HSM and no other. */
export type Ask = OnItsWay & {
  readonly _tag: 'ask'
  /** Silence of the HSM, in milliseconds, after which it is given up. */
  readonly patience: number
  /** What carries it is wiped. */
  readonly secret: boolean
  readonly resolve: (outcome: Outcome) => void
}

/** An idempotent request that any HSM with the key may answer: the road of `sign`. One object and one promise each. */
export type Call = OnItsWay & {
  readonly _tag: 'call'
  readonly application: ApplicationState
  /** 0: no key. */
  readonly handle: number
  seat: Seat | undefined
  /** HSMs that said they have no such key. */
  tried: ReadonlyArray<Link>
  moves: number
  lookUps: number
  throttled: number
  /** While parked: not tried before. */
  notBefore: number
  readonly resolve: (result: Either<ClientFailure, Uint8Array>) => void
}

export type Request = Ask | Call

/** The connection to one HSM. */
export type Link = {
  readonly member: Member
  /** Where the HSM listens for frames. */
  readonly framesTo: Subject
  /** Under this name the HSM finds the proxy: one for each link, so that channel numbers cannot meet. */
  readonly proxyId: Uint8Array
  readonly pending: Map<number, Request>
  outbox: Request[]
  beatDue: boolean
  flushing: boolean
  channel: FrameChannel | undefined
  /** Channels there have been. */
  generation: number
  nextRequestId: number
  /** Heard within SUSPECT_MILLIS. */
  alive: boolean
  heard: boolean
  /** Milliseconds since the HSM was heard, as far as this process was awake. */
  silence: number
  /** It takes requests for keys: said in its beats. */
  serving: boolean
  asksMembership: boolean
  connecting: boolean
  /** A first attempt to connect has ended, either way. */
  attempted: boolean
  connectAt: number
  connectWait: number
  closed: boolean
  droppedFrames: number
  unsubscribe: () => void
}

/** One application's session on one HSM. */
export type Seat = {
  readonly link: Link
  /** 0: none. */
  session: number
  /** The channel that `session` belongs to. */
  generation: number
  /** Sessions there have been: a session key belongs to one. */
  incarnation: number
  loggedIn: boolean
  /** The login, as numbered by the application, that this HSM refused. */
  refusedLogin: number
  opening: Promise<boolean> | undefined
  restoring: boolean
  retryAt: number
}

/** Which HSMs hold a token key, as far as is known. */
export type Placement = { holders: ReadonlyArray<Link>; learnedAt: number }

export type SessionKey = Readonly<{ seat: Seat; incarnation: number; tag: number }>

export type Identity = Readonly<{ username: Username; role: Role; loggedInAs: LoggedInRole; password: Uint8Array }>

export type ApplicationState = {
  readonly cluster: Cluster
  readonly name: string
  readonly keyAvailabilityCheck: boolean
  seats: ReadonlyArray<Seat>
  identity: Identity | undefined
  loggingIn: boolean
  /** Logins and logouts there have been: what began under another number is void. */
  loginNumber: number
  readonly placements: Map<number, Placement>
  readonly sessionKeys: Map<number, SessionKey>
  /** The HSM that makes the session keys of a PKCS#11 session. */
  readonly tagHomes: Map<number, Seat>
  /** Calls that wait for the holders of a key. */
  readonly lookUps: Map<number, Call[]>
  turn: number
  closed: boolean
}

export type Cluster = {
  readonly env: ClientEnv
  readonly settings: ClusterSettings
  clusterId: string | undefined
  membership: Membership | undefined
  /** In the order of the membership document. */
  links: ReadonlyArray<Link>
  readonly applications: Set<ApplicationState>
  parked: Call[]
  calls: number
  highestStamp: Stamp | undefined
  /** Keys deleted through this client, the latest of them: an HSM that was away then may still say that it holds one. */
  readonly deleted: Set<number>
  /** Monotonic milliseconds at the last tick. */
  now: number
  /** When no HSM could be heard for the last time. */
  awakeSince: number
  waiters: Array<() => void>
  bootstrapping: boolean
  bootstrapAt: number
  bootstrapWait: number
  closed: boolean
}

export type Handles = ReadonlyArray<KeyHandle>
