import * as E from 'fp-ts/lib/Either.js'
import { type Base64, fromBase64 } from '@hsmlab/event-sourcing'
import type { ClusterId } from '@hsmlab/domain'
import {
  CLIENT_METHODS,
  type ClientMethods,
  type LocalConnection,
  type LocalError,
  type LocalHandlers,
  type LocalPeer,
  serveLocal,
} from '@hsmlab/protocol/local'
import type { Application, ClientResult } from '../face.ts'
import { type Applications, applicationsOf, type ClientDoor, toLocalError } from './client-door.ts'
import { keyHandlers } from './key-handlers.ts'

type Answer<A> = Promise<E.Either<LocalError, A>>

/** Hands `use` the password's bytes, and wipes them afterwards. */
const withPassword = async <A>(password: Base64, use: (bytes: Uint8Array) => ClientResult<A>): ClientResult<A> => {
  const bytes = fromBase64(password)
  try {
    return await use(bytes)
  } finally {
    bytes.fill(0)
  }
}

const asking =
  (applications: Applications) =>
  async <A>(clusterId: ClusterId | undefined, ask: (application: Application) => ClientResult<A>): Answer<A> => {
    const application = await applications.of(clusterId)
    if (E.isLeft(application)) return application
    const answer = await ask(application.right)
    return E.isLeft(answer) ? E.left(toLocalError(answer.left)) : answer
  }

const nothing = E.map((): Record<string, never> => ({}))

const handlersOf = (door: ClientDoor, applications: Applications): LocalHandlers<ClientMethods> => {
  const ask = asking(applications)
  return {
    clusters: async () => {
      const clusters = await door.clusters()
      if (E.isLeft(clusters)) return clusters
      return E.right({ clusterIds: clusters.right.map(({ clusterId }) => clusterId) })
    },
    hsmInfo: async ({ clusterId }) => {
      const hsms = await ask(clusterId, (application) => application.hsmInfo())
      return E.isLeft(hsms) ? hsms : E.right({ hsms: hsms.right })
    },
    activate: async ({ clusterId, password }) =>
      nothing(await ask(clusterId, (application) => withPassword(password, application.activate))),
    login: ({ clusterId, username, role, password }) =>
      ask(clusterId, (application) => application.login(role, username, fromBase64(password))), // Which takes it over.
    logout: async ({ clusterId }) => nothing(await ask(clusterId, (application) => application.logout())),
    listUsers: async ({ clusterId }) => {
      const users = await ask(clusterId, (application) => application.listUsers())
      return E.isLeft(users) ? users : E.right({ users: users.right })
    },
    createUser: async ({ clusterId, username, role, password }) =>
      nothing(
        await ask(clusterId, ({ createUser }) => withPassword(password, (bytes) => createUser(username, role, bytes))),
      ),
    changePassword: async ({ clusterId, username, role, password }) =>
      nothing(
        await ask(clusterId, ({ changePassword }) =>
          withPassword(password, (bytes) => changePassword(username, role, bytes)),
        ),
      ),
    deleteUser: async ({ clusterId, username, role }) =>
      nothing(await ask(clusterId, (application) => application.deleteUser(username, role))),
    ...keyHandlers(applications),
  }
}

/**
 * Serves one `cloudhsm-cli`: a connection to `client.sock` is an application, its end CN_APP_FINALIZE. Failures carry the
 * `CKR_` name as their code; `NoCluster`, `ClusterIdRequired` and `ClusterUnknown` say that there is nobody to ask.
 */
export const serveApplication = (door: ClientDoor, connection: LocalConnection): LocalPeer => {
  const applications = applicationsOf(door, 'cloudhsm-cli')
  const ended = (): void => void applications.close()
  return serveLocal(CLIENT_METHODS, { handlers: handlersOf(door, applications), ended }, connection)
}
