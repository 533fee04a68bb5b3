import * as E from 'fp-ts/lib/Either.js'
import { type Hsm, payloadOf } from '@hsmlab/application'
import { decodeHsmFact, type HsmFact } from '@hsmlab/domain'

/** The log of a running HSM from its beginning, or why it cannot be read. */
export const readFacts = async ({ store }: Hsm): Promise<E.Either<string, ReadonlyArray<HsmFact>>> => {
  const facts: HsmFact[] = []
  let unreadable: string | undefined
  const read = await store.read(0, store.durableHead().revision, (position, record) => {
    const fact = decodeHsmFact(payloadOf(record))
    if (E.isLeft(fact)) unreadable = `record ${position}: ${fact.left._tag}`
    else facts.push(fact.right)
    return unreadable === undefined
  })()
  if (E.isLeft(read)) return E.left(read.left._tag)
  return unreadable === undefined ? E.right(facts) : E.left(unreadable)
}
