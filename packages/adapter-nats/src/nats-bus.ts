import { type Bus, MESSAGE_BYTES_MAX } from '@hsmlab/ports'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { type Connection, openConnection } from './connection.ts'
import { noFeed, openFeed } from './feed/nats-feed.ts'
import { natsDatagrams } from './nats-datagrams.ts'
import { natsRequests } from './nats-requests.ts'
import { NAMESPACE, type NatsBusOptions } from './options.ts'
import { isRecentEnough } from './server-version.ts'
import type { NatsStartFailure } from './start-failure.ts'

export type NatsBus = Bus &
  Readonly<{
    /** Whether the connection stands. While it does not, requests find no responder and datagrams are lost. */
    isConnected: () => boolean
    /** Resolves when the server has all that was sent, and we have all that it had sent us before. */
    flush: () => Promise<void>
    /** Sends what is buffered, and disconnects. */
    close: () => Promise<void>
  }>

/** Positions and message id of a feed entry travel in headers, which count against the server's limit. */
const HEADERS_BYTES_MAX = 4096

const checkServer = ({ nats }: Connection, wantsFeed: boolean): E.Either<NatsStartFailure, void> => {
  const { version = '', max_payload: bytes = 0, jetstream = false } = nats.info ?? {}
  const server = nats.getServer()
  if (!isRecentEnough(version)) return E.left({ _tag: 'NatsTooOld', server, version })
  if (bytes < MESSAGE_BYTES_MAX + HEADERS_BYTES_MAX) return E.left({ _tag: 'NatsMessagesTooSmall', server, bytes })
  if (wantsFeed && !jetstream) return E.left({ _tag: 'JetStreamMissing', server })
  return E.right(undefined)
}

/**
 * The bus over NATS. It starts only on servers of version 2.10.23 or newer whose JetStream syncs every write, as proven
 * by their monitoring pages. Once started it reconnects for ever.
 */
export const natsBus =
  (options: NatsBusOptions): TaskEither<NatsStartFailure, NatsBus> =>
  async () => {
    const { namespace = NAMESPACE, feed: wantsFeed = true, logger } = options
    const opened = await openConnection(options)
    if (E.isLeft(opened)) return opened

    const connection = opened.right
    const checked = checkServer(connection, wantsFeed)
    const feed =
      E.isRight(checked) && wantsFeed ? await openFeed(connection, options, namespace) : E.map(() => noFeed)(checked)
    if (E.isLeft(feed)) {
      await connection.close()
      return feed
    }
    const subjectOf = (at: string): string => `${namespace}.${at}`
    return E.right({
      ...natsRequests(connection, logger, subjectOf),
      ...natsDatagrams(connection, logger, subjectOf),
      ...feed.right,
      isConnected: connection.isUp,
      flush: () => connection.nats.flush(),
      close: connection.close,
    })
  }
