import type { Bus, Clock, Random } from '@hsmlab/ports'

/** Chances between 0 and 1; delays in milliseconds, so that datagrams overtake each other. */
export type LossRates = Readonly<{ loss: number; duplication: number; delayMillisMax: number }>

/** A network as bad as the rates say, the same for the same seed. Requests are spared: they have time-outs of their own. */
export const lossyBus = (bus: Bus, clock: Clock, random: Random, rates: LossRates): Bus => {
  const chance = (): number => (random.bytes(1)[0] ?? 0) / 256
  const sendLate: Bus['send'] = (to, message) => {
    const copy = message.slice()
    clock.after(chance() * rates.delayMillisMax, () => bus.send(to, copy))
  }
  return {
    ...bus,
    send: (to, message) => {
      if (chance() < rates.loss) return
      sendLate(to, message)
      if (chance() < rates.duplication) sendLate(to, message)
    },
  }
}
