import type { ExecutionContext } from 'ava'
import { connect, type MsgHdrs, type NatsConnection } from 'nats'
import type { NatsServer } from '@hsmlab/adapter-nats/testing'

/** A message as it went over the bus. */
export type Heard = Readonly<{
  subject: string
  data: Buffer
  headers: MsgHdrs | undefined
  /** Where its answer was to go. */
  reply: string | undefined
}>

/** A client of NATS that nobody asked for: it hears every message of everybody, and may say what it likes. */
export type Eavesdropper = Readonly<{
  nats: NatsConnection
  /** What was said so far, in order. */
  heard: () => ReadonlyArray<Heard>
  /** Hears no more; what it heard stays. */
  cover: () => void
}>

export const eavesdrop = async (t: ExecutionContext, { url }: NatsServer): Promise<Eavesdropper> => {
  const nats = await connect({ servers: url, name: 'a stranger', noAsyncTraces: true })
  t.teardown(() => nats.close())
  const heard: Heard[] = []
  const everything = nats.subscribe('>', {
    callback: (error, { subject, data, headers, reply }) => {
      if (error === null) heard.push({ subject, data: Buffer.from(data), headers, reply })
    },
  })
  await nats.flush()
  return { nats, heard: () => heard, cover: () => everything.unsubscribe() }
}

/** What was answered to each subject, newest last. */
export const answersIn = (heard: ReadonlyArray<Heard>): ReadonlyMap<string, ReadonlyArray<Buffer>> => {
  const askedAt = new Map<string, string>()
  const answers = new Map<string, Buffer[]>()
  for (const { subject, reply, data } of heard) {
    const question = askedAt.get(subject)
    if (question !== undefined) answers.set(question, [...(answers.get(question) ?? []), data])
    if (reply !== undefined && reply !== '') askedAt.set(reply, subject)
  }
  return answers
}
