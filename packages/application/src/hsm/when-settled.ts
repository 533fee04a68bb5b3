import type { HsmCore } from './hsm-core.ts'
import { type Answer, refuse } from './reply.ts'

const STOPPED = refuse('CKR_DEVICE_ERROR', 'The HSM could not write its log.')

/** A read leaves when what it saw is on the disk. */
export const whenSettled = async (core: HsmCore, read: () => Answer): Promise<Answer> => {
  const answer = read()
  const settled = core.log.settled()
  return settled === undefined || (await settled) ? answer : STOPPED
}
