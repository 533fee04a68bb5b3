import type { CkrName } from '@hsmlab/pkcs11'
import type { HsmRejection } from './messages.ts'

export const rejection = (tag: CkrName, message: string, hsmReturn = 0): HsmRejection => ({
  _tag: tag,
  hsmReturn,
  message,
})
