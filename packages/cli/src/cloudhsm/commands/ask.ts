import * as E from 'fp-ts/lib/Either.js'
import type { ClientMethods, EventOf, ParamsOf, ResultOf } from '@hsmlab/protocol/local'
import type { CommandContext } from '../command.ts'

type Methods = Omit<ClientMethods, 'clusters'>
type Own<Params> = Params extends unknown ? Omit<Params, 'clusterId'> : never

/** Asks the cluster that the context is about; a failure becomes the sentence that the envelope carries. */
export const ask = async <Name extends keyof Methods>(
  { client, clusterId }: CommandContext,
  method: Name,
  params: Own<ParamsOf<Methods[Name]>>,
  receive?: (event: EventOf<Methods[Name]>) => void,
): Promise<E.Either<string, ResultOf<Methods[Name]>>> => {
  const whole = clusterId === undefined ? params : { ...params, clusterId }
  const answer = await client.call(method, whole, receive)
  return E.isLeft(answer) ? E.left(answer.left.message) : answer
}
