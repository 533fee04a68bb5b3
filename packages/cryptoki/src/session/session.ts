import type { ClusterClient, Application } from '@hsmlab/client'
import type { CipherOperation, DigestOperation, SignOperation, VerifyOperation } from '../operations/operation.ts'
import type { ObjectTable } from './object-table.ts'

/** A search under way: what it found, and how much of it was handed out. */
export type Find = { readonly objects: ReadonlyArray<number>; next: number }

/** The operations that a session can have active, one of each kind. */
export type Operations = {
  find: Find | undefined
  digest: DigestOperation | undefined
  sign: SignOperation | undefined
  verify: VerifyOperation | undefined
  encrypt: CipherOperation | undefined
  decrypt: CipherOperation | undefined
}

export const noOperations = (): Operations => ({
  find: undefined,
  digest: undefined,
  sign: undefined,
  verify: undefined,
  encrypt: undefined,
  decrypt: undefined,
})

export type Session = {
  readonly handle: number
  readonly token: Token
  readonly readWrite: boolean
  operations: Operations
  madeSessionKeys: boolean
  /** One call of a session runs at a time; the others wait in their order. */
  running: boolean
  readonly waiting: Array<() => void>
}

/** A slot as one program sees it: its own application on the cluster, its sessions, its handles. */
export type Token = {
  readonly slotId: number
  readonly client: ClusterClient
  readonly application: Application
  readonly objects: ObjectTable
  readonly sessions: Map<number, Session>
  /** Logins and logouts of all its sessions, one after the other. */
  loginTurn: Promise<unknown>
}
