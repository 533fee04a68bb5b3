import type { LogFields, Logger, LogLevel } from '../logger.ts'

export type LogLine = Readonly<{ level: LogLevel; message: string; fields: LogFields }>

/** `lines` holds what was logged, oldest first. */
export type MemoryLogger = Logger & Readonly<{ lines: ReadonlyArray<LogLine> }>

/** The oldest lines go first: a simulation logs for hours. */
const LINES_MAX = 10_000

/** A logger that only remembers, for tests. Loggers made by `with` write to the same lines. */
export const memoryLogger = (): MemoryLogger => {
  const lines: LogLine[] = []
  const loggerWith = (own: LogFields): Logger => ({
    log: (level, message, fields) => {
      lines.push({ level, message, fields: { ...own, ...fields } })
      if (lines.length > LINES_MAX) lines.splice(0, lines.length - LINES_MAX)
    },
    with: (fields) => loggerWith({ ...own, ...fields }),
  })
  return { ...loggerWith({}), lines }
}
