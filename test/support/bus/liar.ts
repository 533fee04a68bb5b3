import type { NatsConnection } from 'nats'

/** Where the attacker's own questions are answered. */
export const OWN_INBOX = 'stranger.inbox'

export type Liar = Readonly<{
  /** How many lies it told for each subject. */
  told: () => ReadonlyMap<string, number>
  stop: () => void
}>

/** Invented ones, and what was answered before: first several of a kind, for some questions follow from an answer. */
export type Lies = Readonly<{ invented: ReadonlyArray<Uint8Array>; old: ReadonlyArray<Uint8Array> }>
const OF_A_KIND = 8

const lieOf = ({ invented, old }: Lies, count: number): Uint8Array | undefined => {
  const [some, others] = Math.floor(count / OF_A_KIND) % 2 === 0 ? [invented, old] : [old, invented]
  const kind = some.length > 0 ? some : others
  return kind[count % Math.max(kind.length, 1)]
}

/** Answers every question on the bus at once, in place of the one who was asked: the first answer is the one heard. */
export const startLying = (nats: NatsConnection, liesFor: (subject: string, question: Uint8Array) => Lies): Liar => {
  const told = new Map<string, number>()
  const subscription = nats.subscribe('>', {
    callback: (error, { subject, reply, data }) => {
      if (error !== null || reply === undefined || reply === '' || reply.startsWith(OWN_INBOX)) return
      const count = told.get(subject) ?? 0
      const lie = lieOf(liesFor(subject, data), count)
      if (lie === undefined) return
      told.set(subject, count + 1)
      nats.publish(reply, lie)
    },
  })
  return { told: () => told, stop: () => subscription.unsubscribe() }
}
