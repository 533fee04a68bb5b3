import * as E from 'fp-ts/lib/Either.js'
import type { ClientFailure } from '@hsmlab/client'
import { allowed, type ClusterMode, mechanismFacts } from '@hsmlab/crypto'
import type { KeyTemplate } from '@hsmlab/domain'
import type { CkrName } from '@hsmlab/pkcs11'
import { type Answer, DONE, refuse, type Reply } from '../answer.ts'
import type { Attribute } from '../attribute.ts'
import type { CallMechanism } from '../call-mechanism.ts'
import type { CryptokiConnection } from '../connection-face.ts'
import { applyTemplate } from '../keys/apply-template.ts'
import type { KeyKind } from '../keys/key-shape.ts'
import { isVisibleTo, readAttributes, searchFilter } from '../keys/read-attributes.ts'
import type { KeyObject } from '../session/object-table.ts'
import type { Session } from '../session/session.ts'
import { type Connection, inSession } from './state.ts'

type Template = ReadonlyArray<Attribute>

/** An HSM speaks of keys where a program speaks of objects. */
const OBJECT_CODES: Partial<Record<CkrName, CkrName>> = { CKR_KEY_HANDLE_INVALID: 'CKR_OBJECT_HANDLE_INVALID' }
const GONE: ReadonlyArray<CkrName> = ['CKR_KEY_HANDLE_INVALID', 'CKR_OBJECT_HANDLE_INVALID']

const objectRefusal = ({ token }: Session, { object }: KeyObject, { _tag }: ClientFailure): Answer<never> => {
  if (GONE.includes(_tag)) token.objects.forget(object)
  return refuse(OBJECT_CODES[_tag] ?? _tag)
}

const destroyObject = (session: Session, object: number): Reply<void> => {
  const { application, objects } = session.token
  const key = objects.get(object)
  if (key === undefined) return refuse('CKR_OBJECT_HANDLE_INVALID')
  if (key.attributes.CKA_TOKEN === true && !session.readWrite) return refuse('CKR_SESSION_READ_ONLY')
  return application.destroyKey(key.handle).then((answer) => {
    if (E.isLeft(answer)) return objectRefusal(session, key, answer.left)
    objects.forget(object)
    return DONE
  })
}

/** Reads the attributes from an HSM each time, as CloudHSM's library does: another program may have changed them. */
const getAttributeValue = (
  session: Session,
  object: number,
  rooms: Parameters<CryptokiConnection['C_GetAttributeValue']>[2],
): ReturnType<CryptokiConnection['C_GetAttributeValue']> => {
  const { application, objects } = session.token
  const key = objects.get(object)
  if (key === undefined) return refuse('CKR_OBJECT_HANDLE_INVALID')
  return application
    .getKey(key.handle)
    .then((answer) =>
      E.isLeft(answer)
        ? objectRefusal(session, key, answer.left)
        : E.right(readAttributes(objects.remember(answer.right, key.session), rooms)),
    )
}

const findObjectsInit = (session: Session, template: Template): Reply<void> => {
  const { operations, token } = session
  if (operations.find !== undefined) return refuse('CKR_OPERATION_ACTIVE')
  const attributes = searchFilter(template)
  if (attributes === undefined) {
    operations.find = { objects: [], next: 0 }
    return DONE
  }
  return token.application.findKeys({ attributes }).then((answer) => {
    if (E.isLeft(answer)) return answer
    const keys = answer.right.map(({ key }) => token.objects.remember(key, 0))
    const objects = keys.filter((key) => isVisibleTo(template, key)).map(({ object }) => object)
    operations.find = { objects, next: 0 }
    return DONE
  })
}

const findObjects = ({ operations }: Session, countMax: number): Answer<ReadonlyArray<number>> => {
  const { find } = operations
  if (find === undefined) return refuse('CKR_OPERATION_NOT_INITIALIZED')
  const found = find.objects.slice(find.next, find.next + countMax)
  find.next += found.length
  return E.right(found)
}

/** The kinds of keys that a generation mechanism makes; a pair is public, then private. */
const KINDS = {
  CKK_AES: ['aes'],
  CKK_GENERIC_SECRET: ['generic'],
  CKK_EC: ['ec-public', 'ec-private'],
  CKK_RSA: ['rsa-public', 'rsa-private'],
} as const satisfies Record<string, ReadonlyArray<KeyKind>>

const kindsFor = (
  mechanism: CallMechanism | undefined,
  mode: ClusterMode,
  wanted: 'generate' | 'generate-pair',
): Answer<ReadonlyArray<KeyKind>> => {
  if (mechanism === undefined) return refuse('CKR_ARGUMENTS_BAD')
  const keyType = mechanismFacts(mechanism.type)?.keyType
  if (keyType === undefined) return refuse('CKR_MECHANISM_INVALID')
  const refusal = allowed(mechanism.type, mode, keyType, wanted)
  if (refusal !== undefined) return refuse(refusal._tag)
  return mechanism.parameter._tag === 'none' ? E.right(KINDS[keyType]) : refuse('CKR_MECHANISM_PARAM_INVALID')
}

/** What a session may make: anything with a login, token keys only when it may write. */
const generationFault = ({ token, readWrite }: Session, templates: ReadonlyArray<KeyTemplate>) => {
  if (token.application.loggedIn() === undefined) return refuse('CKR_USER_NOT_LOGGED_IN')
  const writes = templates.some(({ CKA_TOKEN }) => CKA_TOKEN === true)
  return writes && !readWrite ? refuse('CKR_SESSION_READ_ONLY') : undefined
}

type ObjectCalls = Pick<
  CryptokiConnection,
  | 'C_DestroyObject'
  | 'C_GetAttributeValue'
  | 'C_FindObjectsInit'
  | 'C_FindObjects'
  | 'C_FindObjectsFinal'
  | 'C_GenerateKey'
  | 'C_GenerateKeyPair'
>

export const objectCalls = (connection: Connection): ObjectCalls => {
  const { settings } = connection
  const { facts } = connection.shared

  /** The templates of a generation, applied; the tag binds session keys to their session. */
  const prepare = (
    session: Session,
    mechanism: CallMechanism | undefined,
    wanted: 'generate' | 'generate-pair',
    templates: ReadonlyArray<Template>,
  ): Answer<Readonly<{ templates: ReadonlyArray<KeyTemplate>; mechanism: number; tag: number }>> => {
    const kinds = kindsFor(mechanism, facts.mode(session.token.client), wanted)
    if (E.isLeft(kinds)) return kinds
    const type = mechanism?.type ?? 0
    const applied: KeyTemplate[] = []
    for (const [index, kind] of kinds.right.entries()) {
      const template = applyTemplate(templates[index] ?? [], kind, type, settings)
      if (E.isLeft(template)) return template
      applied.push(template.right)
    }
    const fault = generationFault(session, applied)
    if (fault !== undefined) return fault
    const isSessionKey = applied.some(({ CKA_TOKEN }) => CKA_TOKEN !== true)
    session.madeSessionKeys ||= isSessionKey
    return E.right({ templates: applied, mechanism: type, tag: isSessionKey ? session.handle : 0 })
  }

  const generateKey = (session: Session, mechanism: CallMechanism | undefined, template: Template): Reply<number> => {
    const { application, objects } = session.token
    const prepared = prepare(session, mechanism, 'generate', [template])
    if (E.isLeft(prepared)) return prepared
    const { templates, ...options } = prepared.right
    return application
      .generateKey(templates[0] ?? {}, options)
      .then((answer) => (E.isLeft(answer) ? answer : E.right(objects.remember(answer.right, options.tag).object)))
  }

  const generateKeyPair = (
    session: Session,
    mechanism: CallMechanism | undefined,
    publicTemplate: Template,
    privateTemplate: Template,
  ): ReturnType<CryptokiConnection['C_GenerateKeyPair']> => {
    const { application, objects } = session.token
    const prepared = prepare(session, mechanism, 'generate-pair', [publicTemplate, privateTemplate])
    if (E.isLeft(prepared)) return prepared
    const { templates, ...options } = prepared.right
    return application.generateKeyPair(templates[0] ?? {}, templates[1] ?? {}, options).then((answer) => {
      if (E.isLeft(answer)) return answer
      const tagOf = ({ CKA_TOKEN }: KeyTemplate): number => (CKA_TOKEN === true ? 0 : options.tag)
      const { publicKey, privateKey } = answer.right
      return E.right({
        publicKey: objects.remember(publicKey, tagOf(publicKey.attributes)).object,
        privateKey: objects.remember(privateKey, tagOf(privateKey.attributes)).object,
      })
    })
  }

  return {
    C_DestroyObject: (handle, object) => inSession(connection, handle, (session) => destroyObject(session, object)),
    C_GetAttributeValue: (handle, object, rooms) =>
      inSession(connection, handle, (session) => getAttributeValue(session, object, rooms)),
    C_FindObjectsInit: (handle, template) =>
      inSession(connection, handle, (session) => findObjectsInit(session, template)),
    C_FindObjects: (handle, countMax) => inSession(connection, handle, (session) => findObjects(session, countMax)),
    C_FindObjectsFinal: (handle) =>
      inSession(connection, handle, ({ operations }) => {
        if (operations.find === undefined) return refuse('CKR_OPERATION_NOT_INITIALIZED')
        operations.find = undefined
        return DONE
      }),
    C_GenerateKey: (handle, mechanism, template) =>
      inSession(connection, handle, (session) => generateKey(session, mechanism, template)),
    C_GenerateKeyPair: (handle, mechanism, publicTemplate, privateTemplate) =>
      inSession(connection, handle, (session) => generateKeyPair(session, mechanism, publicTemplate, privateTemplate)),
  }
}
