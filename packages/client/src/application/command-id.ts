import type { CommandId } from '@hsmlab/domain'
import { toHex } from '../hex.ts'
import type { Cluster } from '../state.ts'

/** A fresh name for a change: whoever is asked again under it does it no second time. */
export const commandId = ({ env }: Cluster): CommandId => toHex(env.random.bytes(16)) as CommandId
