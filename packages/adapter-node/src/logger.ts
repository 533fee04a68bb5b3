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

/** Bytes of lines that wait for a disk that takes none; later lines are dropped. */
const WAITING_BYTES_MAX = 1 << 20

/** What cannot be written waits for the next line: a full disk must not end whoever logs that it is full. */
const lineFile = (dest: string | number): DestinationStream => {
  const file = pino.destination({ dest, sync: true, mkdir: true, maxLength: WAITING_BYTES_MAX })
  file.on('error', () => undefined)
  return file
}

/**
 * One JSON object a line, written before `log` returns, so that a crash loses none. Never throws: lines that the disk
 * refuses are kept, up to 1 MiB, and written when it takes them again.
 */
export const pinoLogger = ({ level, destination }: PinoLoggerOptions): Logger => {
  const stream = typeof destination === 'object' ? destination : lineFile(destination ?? 1)
  const options = {
    level,
    base: null,
    messageKey: 'message',
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return logger(pino(options, stream), {})
}
