import test from 'ava'
import { loggerContract } from '../../src/contract/logger.ts'
import { memoryLogger } from '../../src/memory/memory-logger.ts'

loggerContract(test, () => {
  const logger = memoryLogger()
  return { logger, lines: () => logger.lines }
})

test('a memory logger forgets its oldest lines', (t) => {
  const logger = memoryLogger()
  for (let i = 0; i < 10_001; i += 1) logger.log('debug', String(i))
  t.is(logger.lines.length, 10_000)
  t.is(logger.lines[0]?.message, '1')
})
