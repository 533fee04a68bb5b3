import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Level } from 'level'
import type { KeyRange, KeyValueStore, StoreEntry } from '@hsmlab/ports'
import { storeFailure } from './failure.ts'

export type Database = Level<Uint8Array, Uint8Array>

const RUN_LENGTH_MAX = 2000
const RUN_BYTES_MAX = 1 << 20

/** LevelDB hands out Node's Buffers, whose `slice` is no copy; above the port there are only plain byte arrays. */
const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const entryOf = ([key, value]: readonly [Uint8Array, Uint8Array]): StoreEntry => ({
  key: plain(key),
  value: plain(value),
})

/** Reads run by run; the next run is on its way from the disk while `visit` works on this one. */
const iterate = async (
  database: Database,
  { from, to, reverse = false, limit = -1 }: KeyRange,
  visit: (entries: ReadonlyArray<StoreEntry>) => boolean | void,
): Promise<void> => {
  const iterator = database.iterator({ gte: from, lt: to, reverse, limit, highWaterMarkBytes: RUN_BYTES_MAX })
  try {
    let next = iterator.nextv(RUN_LENGTH_MAX)
    for (let run = await next; run.length > 0; run = await next) {
      next = iterator.nextv(RUN_LENGTH_MAX)
      if (visit(run.map(entryOf)) === false) {
        await next
        return
      }
    }
  } finally {
    await iterator.close()
  }
}

/** An open LevelDB as a `KeyValueStore`; `close` also ends what `release` ends. */
export const levelStore = (database: Database, release: () => Promise<void>): KeyValueStore => ({
  batch: (operations) => TE.tryCatch(() => database.batch([...operations], { sync: true }), storeFailure),
  get: (key) => async () => {
    try {
      const value: Uint8Array | undefined = await database.get(key)
      return E.right(value && plain(value))
    } catch (error) {
      return E.left(storeFailure(error))
    }
  },
  iterate: (range, visit) => TE.tryCatch(() => iterate(database, range, visit), storeFailure),
  close: () =>
    TE.tryCatch(async () => {
      await database.close()
      await release()
    }, storeFailure),
})
