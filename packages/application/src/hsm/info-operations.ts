import * as E from 'fp-ts/lib/Either.js'
import { JSON_OPERATIONS } from '@hsmlab/protocol'
import type { HsmCore } from './hsm-core.ts'
import { type Answer, refuse, writeJson } from './reply.ts'
import { whenSettled } from './when-settled.ts'

/** What `cluster hsm-info` prints of every HSM. AWS documents these strings for hsm1.medium only; the rest is ours. */
const HARDWARE = {
  vendor: 'Marvell Semiconductors, Inc.',
  model: 'NITROX-III CNN35XX-NFBE',
  hardwareVersionMajor: '5',
  hardwareVersionMinor: '3',
  firmwareVersionMajor: '2',
  firmwareVersionMinor: '6',
  firmwareBuildNumber: '16',
  firmwareId: 'CNN35XX-NFBE-FW-2.06-16',
} as const

const FIPS_STATES = {
  FIPS: '2 [FIPS mode with single factor authentication]',
  NON_FIPS: '0 [non-FIPS mode with single factor authentication]',
} as const

const NO_IDENTITY = refuse('CKR_DEVICE_ERROR', 'The HSM has no identity.')

export const hsmInfo = (core: HsmCore): Answer => {
  const { identity } = core.log.state
  if (identity === undefined) return NO_IDENTITY
  const info = {
    hsmId: identity.hsmId,
    serialNumber: identity.serialNumber,
    fipsState: FIPS_STATES[identity.mode],
    ...HARDWARE,
  }
  return E.right(writeJson(JSON_OPERATIONS.hsmInfo.reply, info))
}

/** The newest membership that the controller installed. */
export const membership = (core: HsmCore): Promise<Answer> =>
  whenSettled(core, () => {
    const installed = core.log.state.membership
    if (installed === undefined) return refuse('CKR_DEVICE_ERROR', 'The HSM knows no membership.')
    const { document, signature } = installed
    return E.right(writeJson(JSON_OPERATIONS.membership.reply, { document, signature }))
  })
