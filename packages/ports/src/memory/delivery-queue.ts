/** After so many deliveries in a row the event loop gets its turn, or timers and sockets would starve. */
const DELIVERIES_IN_A_ROW_MAX = 256

/** Runs what is put in, in order, never before `put` has returned. What throws harms nobody else. */
export type DeliveryQueue = Readonly<{ put: (deliver: () => void) => void }>

/**
 * One microtask drains whatever was put in since the last one: the earliest moment that is not synchronous.
 * `turn` lets the event loop turn and then calls back (`setImmediate`); without it all is done in microtasks.
 */
export const deliveryQueue = (turn?: (run: () => void) => void): DeliveryQueue => {
  let waiting: Array<() => void> = []
  let draining = false
  let delivered = 0

  const drain = (): void => {
    const batch = waiting
    waiting = []
    draining = false
    delivered += batch.length
    for (const deliver of batch) {
      try {
        deliver()
      } catch {
        // A receiver's own fault is not the sender's, nor that of the receivers after it.
      }
    }
  }

  const put = (deliver: () => void): void => {
    waiting.push(deliver)
    if (draining) return
    draining = true
    if (turn === undefined || delivered < DELIVERIES_IN_A_ROW_MAX) {
      void resolved.then(drain)
      return
    }
    delivered = 0
    turn(drain)
  }
  return { put }
}

const resolved = Promise.resolve()
