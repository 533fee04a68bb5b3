import type { CryptokiConnection } from './connection-face.ts'
import { cryptoCalls } from './connection/crypto-calls.ts'
import { libraryCalls } from './connection/library-calls.ts'
import { objectCalls } from './connection/object-calls.ts'
import { randomCalls } from './connection/random-calls.ts'
import { sessionCalls } from './connection/session-calls.ts'
import type { Connection, Shared } from './connection/state.ts'
import { createClusterFacts } from './session/cluster-facts.ts'
import { handleSource } from './session/handle-source.ts'
import type { CryptokiConfiguration, CryptokiDependencies } from './settings.ts'

/** PKCS#11 for any number of programs, over any wire. One for a whole proxy: no handle is ever given twice. */
export interface Cryptoki {
  /** A library for one program. It is used from C_Initialize to C_Finalize, and then may be initialized again. */
  readonly openConnection: (configuration: CryptokiConfiguration) => CryptokiConnection
}

export const openCryptoki = (dependencies: CryptokiDependencies): Cryptoki => {
  const shared: Shared = {
    ...dependencies,
    facts: createClusterFacts(),
    nextHandle: handleSource(dependencies.random),
  }
  return {
    openConnection: ({ clients, settings }) => {
      const connection: Connection = {
        shared,
        clients,
        settings,
        initialized: false,
        tokens: new Map(),
        sessions: new Map(),
      }
      return {
        ...libraryCalls(connection),
        ...sessionCalls(connection),
        ...objectCalls(connection),
        ...cryptoCalls(connection),
        ...randomCalls(connection),
      }
    },
  }
}
