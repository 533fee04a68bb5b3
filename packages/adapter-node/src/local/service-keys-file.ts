import * as E from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import { parseJson, type Tagged } from '@hsmlab/event-sourcing'
import { readFileIfAny } from './secret-file.ts'

export type ServiceKeysFailure =
  Tagged<'InstanceKeysMissing', { path: string }> | Tagged<'InstanceKeysDamaged', { path: string }>

/** Reads the file of one service's keys. */
export const readServiceKeys = async <A>(
  path: string,
  codec: t.Type<A, unknown>,
): Promise<E.Either<ServiceKeysFailure, A>> => {
  const json = await readFileIfAny(path)
  if (json === undefined) return E.left({ _tag: 'InstanceKeysMissing', path })
  const keys = codec.decode(parseJson(json))
  return E.isLeft(keys) ? E.left({ _tag: 'InstanceKeysDamaged', path }) : keys
}
