import * as E from 'fp-ts/lib/Either.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Primitives } from '@hsmlab/crypto'
import { toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { type ControlMethods, type LocalHandlers, STATE_EVENT_BYTES_MAX } from '@hsmlab/protocol/local'
import type { LogOwner } from './parts.ts'

/** A door to logs: how they lie, and what they fold to. */
export const logHandlers = (
  owner: LogOwner,
  { sha256 }: Pick<Primitives, 'sha256'>,
): Pick<LocalHandlers<ControlMethods>, 'logs' | 'streamLog' | 'liveState'> => ({
  logs: async () => E.right({ logs: await owner.logs() }),
  streamLog: async ({ log, from, to }, { emit }) => {
    const length = await owner.readLog(log, from, to, (first, records) =>
      emit({ from: first, records: records.map(toBase64) }),
    )
    return E.isLeft(length) ? length : E.right({ length: length.right })
  },
  liveState: async ({ log }, { emit }) => {
    const live = await owner.liveState(log)
    if (E.isLeft(live)) return live
    const bytes = utf8Bytes(live.right.state)
    for (let at = 0; at < bytes.length; at += STATE_EVENT_BYTES_MAX) {
      if (!(await emit({ bytes: toBase64(bytes.subarray(at, at + STATE_EVENT_BYTES_MAX)) }))) break
    }
    return E.right({ length: live.right.length, digest: bytesToHex(sha256(bytes)) })
  },
})
