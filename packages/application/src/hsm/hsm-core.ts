import type { HsmMode } from '@hsmlab/domain'
import type { HandleAllocator } from './handle-allocator.ts'
import type { HsmEnv } from './hsm-env.ts'
import type { HsmLog } from './hsm-log.ts'
import type { MaskingKey } from './masking-key.ts'
import type { OpenKeys } from './open-keys.ts'
import type { Sealer } from './sealer.ts'
import type { SessionTable } from './session-table.ts'

/** What the operations of one running HSM work on. */
export type HsmCore = HsmEnv &
  Readonly<{
    log: HsmLog
    sessions: SessionTable
    sealer: Sealer
    handles: HandleAllocator
    openKeys: OpenKeys
    /** `undefined` before the first content, and after zeroising. */
    maskingKey: () => MaskingKey | undefined
    mode: () => HsmMode
  }>
