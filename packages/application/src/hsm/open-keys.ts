import * as E from 'fp-ts/lib/Either.js'
import type { CryptoEngine, OpenKey } from '@hsmlab/crypto'
import {
  type FixedAttributes,
  type HsmRejection,
  type HsmState,
  type KeyHandle,
  type KeyRecord,
  type MutableAttributes,
  rejection,
  type Shares,
  type Username,
} from '@hsmlab/domain'
import { wipe } from './make-key.ts'
import type { MaskingKey } from './masking-key.ts'
import type { Session } from './session-table.ts'

/** A key that is ready for work, with what decides who may use it. */
export type UsableKey = Readonly<{
  owner: Username
  shares: Shares
  fixed: FixedAttributes
  mutable: MutableAttributes
  open: OpenKey
}>

/** Keys stay open from their first use on, at most this many; then the one opened first is closed. */
const OPEN_KEYS_MAX = 20_000

export interface OpenKeys {
  /** The session's own keys first, then the HSM's token keys. Unseals at the first use only. */
  readonly find: (session: Session, handle: number) => E.Either<HsmRejection, UsableKey>
  readonly closeAll: () => void
}

const UNKNOWN = E.left(rejection('CKR_KEY_HANDLE_INVALID', 'This HSM has no such key.'))
const UNUSABLE = E.left(rejection('CKR_FUNCTION_FAILED', 'The key cannot be opened on this HSM.'))

/** `record` is compared by identity: a changed key is opened anew. */
type Opened = Readonly<{ record: KeyRecord; usable: E.Either<HsmRejection, UsableKey> }>

export const openKeys = (state: HsmState, engine: CryptoEngine, maskingKey: () => MaskingKey | undefined): OpenKeys => {
  const opened = new Map<number, Opened>()

  const unseal = (record: KeyRecord): E.Either<HsmRejection, UsableKey> => {
    const material = maskingKey()?.unmask(record)
    if (material === undefined) return UNUSABLE
    const open = engine.open(material)
    wipe(material)
    if (E.isLeft(open)) return UNUSABLE
    const { owner, shares, fixed, mutable } = record
    return E.right({ owner, shares, fixed, mutable, open: open.right })
  }

  const close = ({ usable }: Opened): void => {
    if (E.isRight(usable)) usable.right.open.close()
  }

  const makeRoom = (): void => {
    if (opened.size < OPEN_KEYS_MAX) return
    for (const [handle, oldest] of opened) {
      close(oldest)
      opened.delete(handle)
      return
    }
  }

  const tokenKey = (handle: number): E.Either<HsmRejection, UsableKey> => {
    const record = state.keys.get(handle as KeyHandle)
    const known = opened.get(handle)
    if (known !== undefined && known.record === record) return known.usable
    if (known !== undefined) {
      close(known)
      opened.delete(handle)
    }
    if (record === undefined) return UNKNOWN
    makeRoom()
    const usable = unseal(record)
    opened.set(handle, { record, usable })
    return usable
  }

  return {
    find: (session, handle) => {
      const sessionKey = session.keys.get(handle as KeyHandle)
      return sessionKey === undefined ? tokenKey(handle) : E.right(sessionKey)
    },
    closeAll: () => {
      for (const each of opened.values()) close(each)
      opened.clear()
    },
  }
}
