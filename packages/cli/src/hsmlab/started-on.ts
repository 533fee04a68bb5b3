import * as E from 'fp-ts/lib/Either.js'
import { readInstanceFile } from '@hsmlab/adapter-node/local'
import { withControl } from './control.ts'
import type { Problem } from './outcome.ts'
import type { Started } from './start-text.ts'

/** What the running product says of itself. */
export const startedOn = async (dataDirectory: string, readyMillis: number): Promise<E.Either<Problem, Started>> => {
  const instance = await readInstanceFile(dataDirectory)
  return withControl(dataDirectory, async (control): Promise<E.Either<Problem, Started>> => {
    const status = await control.call('status', {})
    if (E.isLeft(status)) return status
    if (instance === undefined) return E.left({ code: 'NotRunning', message: 'The product has ended.' })
    return E.right({ instance, status: status.right, readyMillis, dataDirectory })
  })
}
