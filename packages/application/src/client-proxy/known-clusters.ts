import * as E from 'fp-ts/lib/Either.js'
import { type Base64, fromBase64, parseJson, parseJsonBytes, utf8Bytes } from '@hsmlab/event-sourcing'
import { type HasBus, type HasClock, type HasCryptoEngine, sleep, subject } from '@hsmlab/ports'
import { ClusterMemberships, Membership, subjects } from '@hsmlab/protocol'

/** Ids of the clusters that there are. */
export type KnownClusters = () => Promise<ReadonlyArray<string>>

type Needs = HasBus & HasCryptoEngine & HasClock

const REQUEST_MILLIS = 1000
/** A controller that was never heard may be starting. */
const PATIENCE_MILLIS = 10_000
const PAUSE_MILLIS = 200

/** The clusters that the controller vouches for; `undefined`: it does not answer. */
const askController = async (
  { bus, engine }: Needs,
  controllerKey: Uint8Array,
): Promise<ReadonlyArray<string> | undefined> => {
  const reply = await bus.request(subject(subjects.memberships), new Uint8Array(0), REQUEST_MILLIS)()
  const memberships = ClusterMemberships.decode(E.isRight(reply) ? parseJsonBytes(reply.right) : undefined)
  if (E.isLeft(memberships)) return undefined
  const isSigned = (document: string, signature: Base64): boolean =>
    engine.ed25519.verify(controllerKey, utf8Bytes(document), fromBase64(signature))
  return memberships.right.memberships.flatMap(({ document, signature }) => {
    const membership = Membership.decode(parseJson(document))
    return E.isRight(membership) && isSigned(document, signature) ? [membership.right.clusterId] : []
  })
}

/**
 * Asks the controller. While it is away, what it named last holds: programs use their keys without it. Where it never
 * named any, it is waited for.
 */
export const rememberClusters = (env: Needs, controllerKey: Uint8Array): KnownClusters => {
  const { clock } = env
  let named: ReadonlyArray<string> | undefined
  return async () => {
    const begin = clock.monotonicMillis()
    for (;;) {
      named = (await askController(env, controllerKey)) ?? named
      if (named !== undefined) return named
      if (clock.monotonicMillis() - begin > PATIENCE_MILLIS) return []
      await sleep(clock, PAUSE_MILLIS)
    }
  }
}
