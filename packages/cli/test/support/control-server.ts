import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import type { ChainedAuditRecord } from '@hsmlab/domain'
import {
  CONTROL_METHODS,
  type ControlMethods,
  type LocalHandlers,
  type ProductStatus,
  serveLocal,
  type SignedAuditHead,
} from '@hsmlab/protocol/local'
import { announce, listenFor, temporaryFolder } from './instance.ts'

/** What the product of a test shows, and what it was asked. */
export type Shown = {
  status: ProductStatus
  records: ChainedAuditRecord[]
  heads: SignedAuditHead[]
  /** Called with records that come later, once somebody follows. */
  follower: ((records: ReadonlyArray<ChainedAuditRecord>) => void) | undefined
  asked: unknown[]
}

const notHere = async () => E.left({ code: 'NotHere', message: 'The product of this test has none.' })

const handlersOf = (shown: Shown): LocalHandlers<ControlMethods> => ({
  status: async () => E.right(shown.status),
  env: async () =>
    E.right({
      variables: [
        { name: 'A', value: 'plain' },
        { name: 'B', value: "it's $here" },
      ],
    }),
  down: notHere,
  chaosList: async () => E.right({ killedZones: ['us-east-1a' as never], killedHsms: ['hsm-bbbbbbbbbbb' as never] }),
  chaosKillHsm: async (params) => {
    shown.asked.push(params)
    return E.right({ hsmIds: [params.hsmId] })
  },
  chaosKillAz: async (params) => {
    shown.asked.push(params)
    if (params.availabilityZone === 'us-east-1f')
      return E.left({ code: 'ZoneUnknown', message: 'There is no such zone.' })
    return E.right({ hsmIds: ['hsm-aaaaaaaaaaa' as never] })
  },
  chaosHeal: async (params) => {
    shown.asked.push(params)
    return E.right({ hsmIds: [] })
  },
  logs: notHere,
  streamLog: notHere,
  liveState: notHere,
  audit: async ({ follow, hsmId, from = 0 }, { emit, onGone }) => {
    const wanted = (records: ReadonlyArray<ChainedAuditRecord>) =>
      records.filter(({ record }) => (hsmId === undefined || record.hsmId === hsmId) && record.sequence >= from)
    await emit({ records: wanted(shown.records) })
    if (!follow) return E.right({})
    shown.follower = (records) => void emit({ records: wanted(records) })
    return new Promise((resolve) => onGone(() => resolve(E.right({}))))
  },
  auditHeads: async () => E.right({ heads: shown.heads }),
})

/** A data folder whose control door answers what `status` and the others of `shown` say. */
export const controlledBy = async (t: ExecutionContext, status: ProductStatus) => {
  const data = temporaryFolder(t)
  const shown: Shown = { status, records: [], heads: [], follower: undefined, asked: [] }
  const stop = await listenFor(t, join(data, 'control.sock'), (connection) =>
    serveLocal(CONTROL_METHODS, { handlers: handlersOf(shown), ended: () => {} }, connection),
  )
  await announce(data)
  return { data, shown, stop }
}
