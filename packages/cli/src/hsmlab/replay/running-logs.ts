import * as E from 'fp-ts/lib/Either.js'
import { emptyLog, type HasSha256, macUnder, payloadOf, recordVerifier } from '@hsmlab/application'
import { fromBase64 } from '@hsmlab/event-sourcing'
import type { LogName } from '@hsmlab/protocol/local'
import type { ControlClient } from '../control.ts'
import type { Problem } from '../outcome.ts'
import type { Logs, LogSource } from './log-source.ts'

/** The MAC key of a log; `undefined` when it is not at hand: the chain is followed all the same. */
export type MacKeyOf = (log: LogName) => Promise<Uint8Array | undefined>

const damaged = (log: LogName, position: number, what: string): E.Either<Problem, never> =>
  E.left({ code: 'LogDamaged', message: `The log of ${log} is damaged at record ${position} (${what}).` })

const readFrom =
  (control: ControlClient, env: HasSha256, log: LogName, macKeyOf: MacKeyOf): LogSource['read'] =>
  async (length, visit) => {
    const macKey = await macKeyOf(log)
    const mac = macKey === undefined ? undefined : macUnder(env, macKey)
    const verifier = recordVerifier(env, mac, emptyLog(env, log))
    let flaw: E.Either<Problem, never> | undefined
    let wanted = true
    const params = { log, from: 0, to: length ?? Number.MAX_SAFE_INTEGER }
    const answer = await control.call('streamLog', params, ({ records }) => {
      for (const text of records) {
        if (!wanted || flaw !== undefined) return
        const record = fromBase64(text)
        const position = verifier.revision()
        const what = verifier.check(record)
        if (what === undefined) wanted = visit(position, payloadOf(record))
        else flaw = damaged(log, position, what)
      }
    })
    if (flaw !== undefined) return flaw
    if (E.isLeft(answer)) return answer
    const missing = wanted && length !== undefined && verifier.revision() < length
    return missing ? damaged(log, verifier.revision(), 'gap') : E.right(undefined)
  }

const liveOf = (control: ControlClient, log: LogName): LogSource['live'] => {
  return async () => {
    const chunks: Uint8Array[] = []
    const answer = await control.call('liveState', { log }, ({ bytes }) => chunks.push(fromBase64(bytes)))
    if (E.isLeft(answer)) return answer
    return E.right({ length: answer.right.length, bytes: new Uint8Array(Buffer.concat(chunks)) })
  }
}

/** The logs of a running product, streamed by their owners. */
export const runningLogs = async (
  control: ControlClient,
  env: HasSha256,
  macKeyOf: MacKeyOf,
): Promise<E.Either<Problem, Logs>> => {
  const answer = await control.call('logs', {})
  if (E.isLeft(answer)) return answer
  const sources = answer.right.logs.map(({ log }): LogSource => ({
    log,
    read: readFrom(control, env, log, macKeyOf),
    live: liveOf(control, log),
  }))
  return E.right({ isRunning: true, sources })
}
