import test from 'ava'
import { memoryLogger } from '@hsmlab/ports/memory'
import { dropCounter } from '../../src/drops/drop-counter.ts'

test('all that is dropped is counted, and the log is not filled by it', (t) => {
  const logger = memoryLogger()
  const drops = dropCounter(logger, 'a frame was dropped', { hsmId: 'hsm-aaaaaaaaaaa' })
  for (let i = 0; i < 1000; i += 1) drops.add({ why: 'forged' })
  t.is(drops.count(), 1000)
  const lines = logger.lines
  t.is(lines.length, 10)
  t.like(lines[0], { level: 'warn', message: 'a frame was dropped' })
})
