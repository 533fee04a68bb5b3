import { setTimeout as after } from 'node:timers/promises'

/** What takes milliseconds takes seconds on a machine under load. */
const PATIENCE_MILLIS = 90_000
const POLL_MILLIS = 50

/** Asks again and again, as somebody at a terminal would, until `holds`; resolves to the answer. */
export const until = async <A>(ask: () => Promise<A>, holds: (answer: A) => boolean): Promise<A> => {
  const end = Date.now() + PATIENCE_MILLIS
  for (;;) {
    const answer = await ask()
    if (holds(answer)) return answer
    if (Date.now() > end) throw new Error(`waited in vain; the last answer was ${JSON.stringify(answer)}`)
    await after(POLL_MILLIS)
  }
}
