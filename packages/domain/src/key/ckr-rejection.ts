import * as E from 'fp-ts/lib/Either.js'
import type { CkrName } from '@hsmlab/pkcs11'

/** A refusal by its PKCS#11 return value; `message` is for people and names attributes, never their values. */
export type CkrRejection = Readonly<{ _tag: CkrName; message: string }>

export const refused = (tag: CkrName, message: string): E.Either<CkrRejection, never> => E.left({ _tag: tag, message })
