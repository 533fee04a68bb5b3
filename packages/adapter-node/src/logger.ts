import { type DestinationStream, pino, type Logger as Pino, stdTimeFunctions } from 'pino'
import type { LogFields, Logger, LogLevel } from '@hsmlab/ports'

export type PinoLoggerOptions = Readonly<{
  /** Lines below it are not written. */
  level: LogLevel
  /** A file to append to (its folder is made), or a stream; standard output by default. */
  destination?: string | DestinationStream
}>

const logger = (lines: Pino, own: LogFields): Logger => ({
  log: (level, message, fields) => lines[level]({ ...own, ...fields }, message),
  with: (fields) => logger(lines, { ...own, ...fields }),
})

/** One JSON object a line, written before `log` returns, so that a crash loses none. */
export const pinoLogger = ({ level, destination }: PinoLoggerOptions): Logger => {
  const stream =
    typeof destination === 'object'
      ? destination
      : pino.destination({ dest: destination ?? 1, sync: true, mkdir: true })
  const options = {
    level,
    base: null,
    messageKey: 'message',
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return logger(pino(options, stream), {})
}
