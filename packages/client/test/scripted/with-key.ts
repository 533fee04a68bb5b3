import * as E from 'fp-ts/lib/Either.js'
import type { KeyHandle } from '@hsmlab/domain'
import { utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'
import { CKM, NO_PARAMETER } from '@hsmlab/pkcs11'
import type { Application } from '../../src/face.ts'
import { scriptedCluster, type ScriptedClusterOptions } from './scripted-cluster.ts'

const mechanism = { type: CKM.CKM_ECDSA, parameter: NO_PARAMETER }

export const signWith = (application: Application, handle: KeyHandle) =>
  application.sign(handle, mechanism, utf8Bytes('message'))

/** Which HSM made this scripted signature. */
export const signerOf = (result: E.Either<unknown, Uint8Array>): string =>
  E.isRight(result) ? (utf8Text(result.right) ?? '').replace('sign by ', '') : 'nobody'

export const makeKey = (application: Application, token = true, tag = 0) =>
  application.generateKey({ CKA_TOKEN: token }, { mechanism: CKM.CKM_AES_KEY_GEN, tag })

/** A cluster, an application that is logged in, and a token key on all HSMs. */
export const clusterWithKey = async (
  options: ScriptedClusterOptions & { readonly keyAvailabilityCheck?: boolean } = {},
) => {
  const cluster = scriptedCluster(options)
  const application = await cluster.loggedIn(options.keyAvailabilityCheck ?? true)
  const key = await cluster.settled(makeKey(application))
  if (E.isLeft(key)) throw new Error(key.left.message)
  return { ...cluster, application, handle: key.right.handle }
}
