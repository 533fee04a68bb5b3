import type { KeyHandle } from '@hsmlab/domain'
import type { KeyView } from '@hsmlab/protocol'
import { keyShape, type KeyShape } from '../keys/key-shape.ts'
import type { ReadableKey } from '../keys/read-attributes.ts'
import type { HandleSource } from './handle-source.ts'

/** A key that a program has a handle for. `session` made it, 0 for a token key: it goes with that session. */
export type KeyObject = ReadableKey & Readonly<{ object: number; handle: KeyHandle; session: number; shape: KeyShape }>

/** The objects that one program knows on one token. */
export interface ObjectTable {
  readonly get: (object: number) => KeyObject | undefined
  /** The program's handle of a key: the same for as long as it knows the key, whatever changed in it. */
  readonly remember: (key: KeyView, session: number) => KeyObject
  readonly forget: (object: number) => void
  readonly forgetSession: (session: number) => void
  /** Those that a program without a login cannot see: all but public token keys. */
  readonly forgetPrivate: () => void
}

export const createObjectTable = (nextHandle: HandleSource): ObjectTable => {
  const byObject = new Map<number, KeyObject>()
  const objects = new Map<KeyHandle, number>()

  const forget = (object: number): void => {
    const known = byObject.get(object)
    if (known === undefined) return
    byObject.delete(object)
    objects.delete(known.handle)
  }

  return {
    get: (object) => byObject.get(object),
    remember: ({ handle, attributes }, session) => {
      const known = objects.get(handle)
      const object = known ?? nextHandle()
      const entry: KeyObject = {
        object,
        handle,
        attributes,
        shape: keyShape(attributes),
        session: byObject.get(object)?.session ?? session,
      }
      byObject.set(object, entry)
      objects.set(handle, object)
      return entry
    },
    forget,
    forgetSession: (session) => {
      for (const { object, session: owner } of byObject.values()) if (owner === session) forget(object)
    },
    forgetPrivate: () => {
      for (const { object, attributes } of byObject.values()) {
        if (attributes.CKA_CLASS !== 'CKO_PUBLIC_KEY' || attributes.CKA_TOKEN !== true) forget(object)
      }
    },
  }
}
