import * as E from 'fp-ts/lib/Either.js'
import { type Feed, type FeedFailure, MESSAGE_BYTES_MAX, sleep } from '@hsmlab/ports'
import { memoryBus } from '@hsmlab/ports/memory'
import type { Zone } from './network.ts'
import type { Participant, Wire } from './wire.ts'

/** Where the feed is kept: cut off from it, nobody publishes and nobody follows. */
export const FEED_ZONE: Zone = 'feed'

/** What an operator of the feed can do to it. */
export interface FeedFaults {
  /** All that it has kept is gone. */
  readonly loseFeed: () => void
  /** While it is down it takes nothing; some of what it refuses it has kept all the same. */
  readonly setDown: (isDown: boolean) => void
}

/** A publisher gives up after so long, in milliseconds. */
const PUBLISH_MILLIS = 1000
/** A follower looks again after so long whether it can be reached, in milliseconds. */
const RETRY_MILLIS = 50
const KEPT_THOUGH_REFUSED = 0.3

const unavailable: E.Either<FeedFailure, never> = E.left({ _tag: 'FeedUnavailable' })

const later = <Result>(wire: Wire, millis: number, result: Result): Promise<Result> =>
  new Promise((resolve) => void wire.clock.after(millis, () => resolve(result)))

/** Runs of logs as JetStream keeps them on a bad day: it may be down, say no to what it keeps, and lose all it has. */
export const seededFeed = (wire: Wire): FeedFaults & Readonly<{ join: (participant: Participant) => Feed }> => {
  const { clock, network, dice } = wire
  const kept = memoryBus({ clock })
  let isDown = false

  const join = (participant: Participant): Feed => ({
    publish: (stream, entry) => async () => {
      if (!participant.alive) return await new Promise(() => undefined)
      if (entry.message.length > MESSAGE_BYTES_MAX) return unavailable
      const own = { ...entry, message: entry.message.slice() }
      const [delay] = network.transit(participant.zone, FEED_ZONE)
      if (delay === undefined) return await later(wire, PUBLISH_MILLIS, unavailable)
      await sleep(clock, delay)
      if (!isDown) {
        await kept.publish(stream, own)()
        wire.delivered({
          kind: 'published',
          from: participant.name,
          to: FEED_ZONE,
          subject: stream,
          message: own.message,
        })
      } else if (dice.happens(KEPT_THOUGH_REFUSED)) await kept.publish(stream, own)()
      const [back] = network.transit(FEED_ZONE, participant.zone)
      if (isDown || back === undefined) return await later(wire, PUBLISH_MILLIS, unavailable)
      return await later(wire, back, E.right(undefined))
    },
    follow: (stream, from, receive) => {
      let stopped = false
      const stop = kept.follow(stream, from, async (entry) => {
        while (participant.alive && !stopped) {
          const [delay] = isDown ? [] : network.transit(FEED_ZONE, participant.zone)
          await sleep(clock, delay ?? RETRY_MILLIS)
          if (delay !== undefined) break
        }
        if (!participant.alive || stopped) return
        const message = network.deliverable(FEED_ZONE, participant.zone, entry.message)
        wire.delivered({ kind: 'followed', from: FEED_ZONE, to: participant.name, subject: stream, message })
        await receive({ ...entry, message })
      })
      return () => {
        stopped = true
        stop()
      }
    },
  })

  return {
    join,
    loseFeed: kept.loseFeed,
    setDown: (down) => {
      isDown = down
    },
  }
}
