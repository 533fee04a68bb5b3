import type { LogFields, Logger, LogLevel } from '../logger.ts'
import type { Test } from './test-face.ts'

export type LoggerUnderTest = Readonly<{
  logger: Logger
  /** What has been logged, oldest first; `fields` without those the adapter adds by itself. */
  lines: () => ReadonlyArray<Readonly<{ level: LogLevel; message: string; fields: LogFields }>>
}>

/** What every logger must do, at its lowest level. */
export const loggerContract = (test: Test, open: () => LoggerUnderTest): void => {
  test('a line bears its level, its message and its fields, in the order of logging', async (t) => {
    const { logger, lines } = open()
    const levels = ['debug', 'info', 'warn', 'error'] as const
    for (const level of levels) logger.log(level, `a ${level} line`, { hsmId: 'hsm-aaaaaaaaaaa', count: 3, ok: true })
    t.deepEqual(
      lines(),
      levels.map((level) => ({
        level,
        message: `a ${level} line`,
        fields: { hsmId: 'hsm-aaaaaaaaaaa', count: 3, ok: true },
      })),
    )
  })

  test('a logger adds the fields it was made with, and the line has the last word', async (t) => {
    const { logger, lines } = open()
    logger.with({ az: 'a', port: 1 }).with({ port: 2 }).log('info', 'x', { port: 3, from: 'line' })
    logger.with({ az: 'a', port: 1 }).with({ port: 2 }).log('info', 'y')
    logger.log('info', 'z')
    t.deepEqual(
      lines().map(({ fields }) => fields),
      [{ az: 'a', port: 3, from: 'line' }, { az: 'a', port: 2 }, {}],
    )
  })

  test('line breaks and control characters in a message do not make a second line', async (t) => {
    const { logger, lines } = open()
    logger.log('info', 'first\nsecond\u0000\u001b[31m', { user: 'a\nb' })
    t.is(lines().length, 1)
  })
}
