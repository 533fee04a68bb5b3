import { type Datagrams, MESSAGE_BYTES_MAX, type Subject } from '@hsmlab/ports'
import type { Participant, Wire } from './wire.ts'

type Listener = Readonly<{ participant: Participant; receive: (message: Uint8Array) => void }>

/** Messages without an answer: each copy takes its own time, or is lost. */
export const seededDatagrams = (wire: Wire): ((participant: Participant) => Datagrams) => {
  const listenersAt = new Map<Subject, Set<Listener>>()

  const deliver = (from: Participant, to: Subject, listeners: Set<Listener>, listener: Listener, bytes: Uint8Array) => {
    if (!listeners.has(listener) || !listener.participant.alive) return
    wire.delivered({ kind: 'datagram', from: from.name, to: listener.participant.name, subject: to, message: bytes })
    try {
      listener.receive(bytes)
    } catch {
      // A receiver's own fault is not the sender's, nor that of the receivers after it.
    }
  }

  return (participant) => ({
    send: (to, message) => {
      const listeners = listenersAt.get(to)
      if (listeners === undefined || !participant.alive || message.length > MESSAGE_BYTES_MAX) return
      for (const listener of listeners) {
        for (const delay of wire.network.transit(participant.zone, listener.participant.zone)) {
          const bytes = wire.network.deliverable(participant.zone, listener.participant.zone, message)
          wire.clock.after(delay, () => deliver(participant, to, listeners, listener, bytes))
        }
      }
    },
    listen: (at, receive) => {
      const listeners = listenersAt.get(at) ?? new Set()
      const listener = { participant, receive }
      listenersAt.set(at, listeners.add(listener))
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0 && listenersAt.get(at) === listeners) listenersAt.delete(at)
      }
    },
  })
}
