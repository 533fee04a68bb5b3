import { headers, type MsgHdrs } from 'nats'

const HEADER = 'Hsmlab-Run'
const RUN = /^(0|[1-9]\d{0,15})-(0|[1-9]\d{0,15})$/

/** The positions that a message carries, `from` to `to` inclusive. */
export type Run = Readonly<{ from: number; to: number }>

export const runHeader = ({ from, to }: Run): MsgHdrs => {
  const made = headers()
  made.set(HEADER, `${from}-${to}`)
  return made
}

/** What a message says that it carries; undefined when that makes no sense. */
export const readRun = (found: MsgHdrs | undefined): Run | undefined => {
  const [, first, last] = RUN.exec(found?.get(HEADER) ?? '') ?? []
  const from = Number(first)
  const to = Number(last)
  return Number.isSafeInteger(from) && Number.isSafeInteger(to) && from <= to ? { from, to } : undefined
}
