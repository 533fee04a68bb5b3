import * as E from 'fp-ts/lib/Either.js'
import type { BackupId, ClusterId, HsmId } from '@hsmlab/domain'
import type { Base64 } from '@hsmlab/event-sourcing'
import type { ControlRefusal, HsmDescription } from '@hsmlab/protocol'
import type { EventStore } from '../event-store/event-store.ts'

export type HsmAnswer<A> = Promise<E.Either<ControlRefusal, A>>

/** One running HSM, as its rack handles it. What clients want reaches it over the bus. */
export interface Hsm {
  readonly hsmId: HsmId
  readonly clusterId: ClusterId
  readonly describe: () => HsmDescription
  readonly installClusterCertificate: (certificate: string, trustAnchor: string) => HsmAnswer<void>
  readonly installMembership: (document: string, signature: Base64) => HsmAnswer<void>
  /** Refused (`unready`) before the HSM serves: it might lack what its peers have. */
  readonly takeBackup: (backupId: BackupId) => HsmAnswer<Readonly<{ backup: Uint8Array; position: number }>>
  readonly restoreBackup: (backup: Uint8Array) => HsmAnswer<void>
  /** Takes no clients any more, and has those of its peers that answer take in what they lack; one at least. */
  readonly handOver: () => HsmAnswer<Readonly<{ position: number }>>
  /** Destroys the sealing key, and with it all that is sealed. Refused (`damaged`) when the key may still be there. */
  readonly zeroize: () => HsmAnswer<void>
  readonly keyHandles: () => ReadonlyArray<number>
  /** The HSM's log: to be read, not to be written. */
  readonly store: Pick<EventStore, 'durableHead' | 'speculativeHead' | 'read'>
  /**
   * The live state at the log's end, canonical. Refused (`damaged`) when the log has stopped: the state may hold what
   * the log does not.
   */
  readonly canonicalState: () => HsmAnswer<Readonly<{ revision: number; state: string }>>
  /** Ends sessions, waits for the disk, closes the log. */
  readonly stop: () => Promise<void>
  /** As if the power were cut: nothing more leaves, nothing is said to anybody. */
  readonly crash: () => Promise<void>
}

export const refusal = (code: ControlRefusal['code'], message: string): E.Either<ControlRefusal, never> =>
  E.left({ code, message })
