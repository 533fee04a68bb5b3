export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What may stand in a log line: never a secret, never bytes. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

export interface Logger {
  readonly log: (level: LogLevel, message: string, fields?: LogFields) => void
  /** A logger that adds `fields` to each of its lines. */
  readonly with: (fields: LogFields) => Logger
}

export type HasLogger = Readonly<{ logger: Logger }>
