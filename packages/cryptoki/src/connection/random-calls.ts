import * as E from 'fp-ts/lib/Either.js'
import type { Application } from '@hsmlab/client'
import { type Answer, refuse } from '../answer.ts'
import type { CryptokiConnection } from '../connection-face.ts'
import { EMPTY } from '../output.ts'
import { type Connection, inSession } from './state.ts'

/** The most that one C_GenerateRandom gives. */
const RANDOM_BYTES_MAX = 1024 * 1024
/** The most that one HSM operation gives. */
const PIECE_BYTES_MAX = 32 * 1024

const inPieces = async (application: Application, count: number): Promise<Answer<Uint8Array>> => {
  const bytes = new Uint8Array(count)
  for (let from = 0; from < count; from += PIECE_BYTES_MAX) {
    const piece = await application.random(Math.min(PIECE_BYTES_MAX, count - from))
    if (E.isLeft(piece)) return piece
    bytes.set(piece.right, from)
  }
  return E.right(bytes)
}

export const randomCalls = (connection: Connection): Pick<CryptokiConnection, 'C_GenerateRandom'> => ({
  C_GenerateRandom: (handle, count) =>
    inSession(connection, handle, ({ token }) => {
      if (count === 0) return E.right(EMPTY)
      if (count > RANDOM_BYTES_MAX) return refuse('CKR_ARGUMENTS_BAD')
      return count <= PIECE_BYTES_MAX ? token.application.random(count) : inPieces(token.application, count)
    }),
})
