import * as E from 'fp-ts/lib/Either.js'
import { LOG_EVENT_BYTES_MAX, LOG_EVENT_RECORDS_MAX } from '@hsmlab/protocol/local'
import type { EventStore } from '../event-store/event-store.ts'
import type { Answer, VisitLog } from './parts.ts'

/** Reads a log in runs that fit into an event of the control door; one run at a time is in memory. */
export const readStore = async (
  store: Pick<EventStore, 'durableHead' | 'read'>,
  from: number,
  to: number,
  visit: VisitLog,
): Answer<number> => {
  const length = store.durableHead().revision
  const end = Math.min(to, length)
  for (let position = from; position < end;) {
    const records: Uint8Array[] = []
    let bytes = 0
    const read = await store.read(position, end, (_position, record) => {
      bytes += record.length
      if (records.length >= LOG_EVENT_RECORDS_MAX || (bytes > LOG_EVENT_BYTES_MAX && records.length > 0)) return false
      records.push(record.slice())
      return true
    })()
    if (E.isLeft(read)) return E.left({ code: read.left._tag, message: 'The log could not be read.' })
    if (records.length === 0 || !(await visit(position, records))) return E.right(length)
    position += records.length
  }
  return E.right(length)
}
