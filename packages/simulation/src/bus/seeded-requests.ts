import { invariant } from '@hsmlab/event-sourcing'
import * as E from 'fp-ts/lib/Either.js'
import { MESSAGE_BYTES_MAX, type RequestFailure, type Requests, type Subject } from '@hsmlab/ports'
import type { Participant, Wire } from './wire.ts'

type Server = Readonly<{ participant: Participant; answer: (message: Uint8Array) => Promise<Uint8Array> }>
type Result = E.Either<RequestFailure, Uint8Array>

/** Of messages that are lost, so many break the connection, and the asker knows that they are. */
const BROKEN_CONNECTION = 0.2

/** How long the bus itself takes to say that nobody serves a subject, or that a connection broke, in milliseconds. */
const BUS_MILLIS = 0.2

/** Question and answer, each of which may be lost, doubled or late; a doubled question is answered twice. */
export const seededRequests = (wire: Wire): ((participant: Participant) => Requests) => {
  const { clock, network, dice } = wire
  const servers = new Map<Subject, Server>()

  const carry = (from: Participant, to: Participant, message: Uint8Array, arrived: (bytes: Uint8Array) => void) => {
    const delays = network.transit(from.zone, to.zone)
    for (const delay of delays) {
      const bytes = network.deliverable(from.zone, to.zone, message)
      clock.after(delay, () => arrived(bytes))
    }
    return delays.length > 0
  }

  const answerWith = async (
    { participant, answer }: Server,
    asker: Participant,
    at: Subject,
    question: Uint8Array,
    settle: (result: Result) => void,
  ): Promise<void> => {
    let reply: Uint8Array
    try {
      reply = await answer(question)
    } catch {
      return // A server that rejects answers nothing: the asker times out.
    }
    if (!participant.alive || reply.length > MESSAGE_BYTES_MAX) return
    carry(participant, asker, reply, (bytes) => {
      if (!asker.alive) return
      wire.delivered({ kind: 'answer', from: participant.name, to: asker.name, subject: at, message: bytes })
      settle(E.right(bytes))
    })
  }

  const ask = (asker: Participant, to: Subject, question: Uint8Array, settle: (result: Result) => void): void => {
    const found = servers.get(to)
    if (found === undefined || question.length > MESSAGE_BYTES_MAX) {
      clock.after(BUS_MILLIS, () => settle(E.left({ _tag: 'NoResponder' })))
      return
    }
    const isCarried = carry(asker, found.participant, question, (bytes) => {
      const server = servers.get(to)
      if (server === undefined || !server.participant.alive) return
      wire.delivered({ kind: 'question', from: asker.name, to: server.participant.name, subject: to, message: bytes })
      void answerWith(server, asker, to, bytes, settle)
    })
    if (isCarried || !dice.happens(BROKEN_CONNECTION)) return
    clock.after(BUS_MILLIS, () => settle(E.left({ _tag: 'OutcomeUnknown' })))
  }

  return (participant) => ({
    request: (to, message, timeoutMillis) => () =>
      new Promise((resolve) => {
        if (!participant.alive) return
        let settled = false
        const settle = (result: Result): void => {
          if (settled || !participant.alive) return
          settled = true
          cancel()
          resolve(result)
        }
        const cancel = clock.after(timeoutMillis, () => settle(E.left({ _tag: 'RequestTimedOut' })))
        ask(participant, to, message.slice(), settle)
      }),
    serve: (at, answer) => {
      if (!participant.alive) return () => undefined
      invariant(servers.get(at)?.participant.alive !== true, `${at} has a server already`)
      const server = { participant, answer }
      servers.set(at, server)
      return () => {
        if (servers.get(at) === server) servers.delete(at)
      }
    },
  })
}
