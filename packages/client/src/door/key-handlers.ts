import * as E from 'fp-ts/lib/Either.js'
import type { KeyView } from '@hsmlab/protocol'
import { type ClientMethods, KEYS_PER_EVENT_MAX, type LocalHandlers } from '@hsmlab/protocol/local'
import type { Application, ClusterKey } from '../face.ts'
import { type Applications, toLocalError } from './client-door.ts'

type KeyMethod = 'generateKey' | 'generateKeyPair' | 'findKeys' | 'destroyKey'

/** A new key with its coverage. A token key whose holders cannot be asked now counts as inconsistent. */
const withCoverage = async (application: Application, key: KeyView): Promise<ClusterKey> => {
  if (key.attributes.CKA_TOKEN === false) return { key, coverage: 'session', holders: 1 }
  const found = await application.findKeys({ handle: key.handle })
  const same = E.isRight(found) ? found.right.find((other) => other.key.handle === key.handle) : undefined
  return same ?? { key, coverage: 'inconsistent', holders: 0 }
}

export const keyHandlers = (applications: Applications): Pick<LocalHandlers<ClientMethods>, KeyMethod> => ({
  generateKey: async ({ clusterId, template, mechanism, sharedWith }) => {
    const application = await applications.of(clusterId)
    if (E.isLeft(application)) return application
    const made = await application.right.generateKey(template, { mechanism, tag: 0, sharedWith })
    if (E.isLeft(made)) return E.left(toLocalError(made.left))
    return E.right({ key: await withCoverage(application.right, made.right) })
  },
  generateKeyPair: async ({ clusterId, publicTemplate, privateTemplate, mechanism, sharedWith }) => {
    const application = await applications.of(clusterId)
    if (E.isLeft(application)) return application
    const options = { mechanism, tag: 0, sharedWith }
    const made = await application.right.generateKeyPair(publicTemplate, privateTemplate, options)
    if (E.isLeft(made)) return E.left(toLocalError(made.left))
    return E.right({
      publicKey: await withCoverage(application.right, made.right.publicKey),
      privateKey: await withCoverage(application.right, made.right.privateKey),
    })
  },
  findKeys: async ({ clusterId, filter, skip, limit }, { emit }) => {
    const application = await applications.of(clusterId)
    if (E.isLeft(application)) return application
    const found = await application.right.findKeys(filter)
    if (E.isLeft(found)) return E.left(toLocalError(found.left))
    const matching = [...found.right].sort((a, b) => a.key.handle - b.key.handle)
    const wanted = matching.slice(skip, skip + limit)
    for (let at = 0; at < wanted.length; at += KEYS_PER_EVENT_MAX) {
      if (!(await emit({ keys: wanted.slice(at, at + KEYS_PER_EVENT_MAX) }))) break
    }
    return E.right({ total: matching.length })
  },
  destroyKey: async ({ clusterId, handle }) => {
    const application = await applications.of(clusterId)
    if (E.isLeft(application)) return application
    const destroyed = await application.right.destroyKey(handle)
    return E.isLeft(destroyed) ? E.left(toLocalError(destroyed.left)) : E.right({})
  },
})
