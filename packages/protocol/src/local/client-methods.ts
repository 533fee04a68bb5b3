import * as t from 'io-ts'
import { Base64Codec } from '@hsmlab/event-sourcing'
import { ClusterIdCodec, KeyHandleCodec, KeyTemplate, UsernameCodec } from '@hsmlab/domain'
import { HsmInfo, KeyFilter, KeyView, Role, UserRole } from '../session/operations.ts'

/** Keys in one event of `findKeys`: 200 RSA-4096 keys are about half of the longest line. */
export const KEYS_PER_EVENT_MAX = 200

/** Which of the configured clusters; may be left out when there is one. Each has a login of its own. */
const Cluster = t.exact(t.partial({ clusterId: ClusterIdCodec }))

const params = <Own extends t.Props>(own: Own) => t.intersection([t.strict(own), Cluster])

const Nothing = t.strict({})

const inconsistent = t.literal('inconsistent')

/** A user over all HSMs; mirrors `ClusterUser` of the client library. */
export const LocalUser = t.strict({
  username: t.string,
  role: t.union([UserRole, inconsistent]),
  locked: t.union([t.literal('true'), t.literal('false'), inconsistent]),
  coverage: t.union([t.literal('full'), inconsistent]),
})

/** A key, and on how many HSMs it stands; mirrors `ClusterKey` of the client library. */
export const LocalKey = t.strict({
  key: KeyView,
  coverage: t.union([t.literal('full'), t.literal('session'), inconsistent]),
  holders: t.number,
})

const LoggedIn = t.strict({
  username: UsernameCodec,
  role: t.union([Role, t.literal('unactivated-admin')]),
})

const WithPassword = params({ username: UsernameCodec, role: Role, password: Base64Codec })

const Generation = { mechanism: t.number, sharedWith: t.readonlyArray(UsernameCodec) }

/**
 * What `cloudhsm-cli` asks at `client.sock`. A connection is an application: its end is CN_APP_FINALIZE, session keys
 * go. Passwords are base64 of their UTF-8 bytes; the door wipes them after use.
 */
export const CLIENT_METHODS = {
  /** The clusters that `cloudhsm-cli.cfg` names, or the only one there is. */
  clusters: { params: Nothing, result: t.strict({ clusterIds: t.readonlyArray(ClusterIdCodec) }) },
  hsmInfo: { params: Cluster, result: t.strict({ hsms: t.readonlyArray(HsmInfo) }) },
  activate: { params: params({ password: Base64Codec }), result: Nothing },
  login: {
    params: params({ username: UsernameCodec, role: Role, password: Base64Codec }),
    result: LoggedIn,
  },
  logout: { params: Cluster, result: Nothing },
  listUsers: { params: Cluster, result: t.strict({ users: t.readonlyArray(LocalUser) }) },
  createUser: { params: WithPassword, result: Nothing },
  changePassword: { params: WithPassword, result: Nothing },
  deleteUser: { params: params({ username: UsernameCodec, role: Role }), result: Nothing },
  generateKey: {
    params: params({ ...Generation, template: KeyTemplate }),
    result: t.strict({ key: LocalKey }),
  },
  generateKeyPair: {
    params: params({ ...Generation, publicTemplate: KeyTemplate, privateTemplate: KeyTemplate }),
    result: t.strict({ publicKey: LocalKey, privateKey: LocalKey }),
  },
  /** Keys `skip` to `skip + limit` of those that match, by handle; `total` counts all that match. */
  findKeys: {
    params: params({ filter: KeyFilter, skip: t.number, limit: t.number }),
    event: t.strict({ keys: t.readonlyArray(LocalKey) }),
    result: t.strict({ total: t.number }),
  },
  destroyKey: { params: params({ handle: KeyHandleCodec }), result: Nothing },
} as const
export type ClientMethods = typeof CLIENT_METHODS
