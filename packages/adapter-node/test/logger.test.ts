import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import type { LogFields, LogLevel } from '@hsmlab/ports'
import { loggerContract } from '@hsmlab/ports/contract'
import { pinoLogger } from '../src/index.ts'

type Line = LogFields & Readonly<{ level: LogLevel; message: string; time: string }>

const collecting = (level: LogLevel) => {
  const written: Array<string> = []
  const logger = pinoLogger({ level, destination: { write: (line) => void written.push(line) } })
  return { logger, written, parsed: () => written.map((line) => JSON.parse(line) as Line) }
}

loggerContract(test, () => {
  const { logger, parsed } = collecting('debug')
  const lineOf = ({ level, message, ...rest }: Line) => {
    const fields = Object.fromEntries(Object.entries(rest).filter(([name]) => name !== 'time'))
    return { level, message, fields }
  }
  return { logger, lines: () => parsed().map(lineOf) }
})

test('lines below the level are not written', (t) => {
  const { logger, parsed } = collecting('warn')
  for (const level of ['debug', 'info', 'warn', 'error'] as const) logger.log(level, 'x')
  t.deepEqual(
    parsed().map(({ level }) => level),
    ['warn', 'error'],
  )
})

test('a line tells its time and nothing of the machine, and ends with a line break', (t) => {
  const { logger, written, parsed } = collecting('info')
  logger.log('info', 'x')
  t.deepEqual(Object.keys(parsed()[0]!), ['level', 'time', 'message'])
  t.regex(parsed()[0]!.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  t.true(written[0]!.endsWith('}\n'))
})

test('a log file is appended to, in a folder made for it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hsmlab-log-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const destination = join(folder, 'deeper', 'hsmlab.log')
  pinoLogger({ level: 'info', destination }).log('info', 'first')
  pinoLogger({ level: 'info', destination }).log('info', 'second')
  t.deepEqual(
    readFileSync(destination, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as Line).message),
    ['first', 'second'],
  )
})

test('a full disk ends nobody who logs', (t) => {
  const logger = pinoLogger({ level: 'info', destination: '/dev/full' })
  for (let line = 0; line < 3; line += 1) t.notThrows(() => logger.log('info', 'x'))
})
