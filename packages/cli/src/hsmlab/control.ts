import * as E from 'fp-ts/lib/Either.js'
import { CONTROL_METHODS, type ControlMethods, type LocalClient } from '@hsmlab/protocol/local'
import { connectTo } from '../shared/connect.ts'
import type { Outcome, Problem } from './outcome.ts'

export type ControlClient = LocalClient<ControlMethods>

/** Connects to the product that runs on `dataDirectory`. */
export const connectControl = (dataDirectory: string): Promise<E.Either<Problem, ControlClient>> =>
  connectTo(dataDirectory, ({ controlSocket }) => controlSocket, CONTROL_METHODS)

/** Hands `use` a connection to the running product, and closes it afterwards. */
export const withControl = async <A = Awaited<Outcome>>(
  dataDirectory: string,
  use: (control: ControlClient) => Promise<E.Either<Problem, A>>,
): Promise<E.Either<Problem, A>> => {
  const control = await connectControl(dataDirectory)
  if (E.isLeft(control)) return control
  try {
    return await use(control.right)
  } finally {
    control.right.close()
  }
}
