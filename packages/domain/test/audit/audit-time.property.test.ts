import { fc, testProp } from '@fast-check/ava'
import { auditTime } from '../../src/audit/audit-time.ts'

testProp(
  'the time of an event is its UTC date and time to the microsecond',
  [fc.nat({ max: 4_102_444_800 }), fc.nat({ max: 999_999 })],
  (t, seconds, micros) => {
    const [date = '', time = ''] = new Date(seconds * 1000).toISOString().split('T')
    const [year = '', month = '', day = ''] = date.split('-')
    const expected = `${month}/${day}/${year.slice(2)} ${time.slice(0, 8)}.${String(micros).padStart(6, '0')}`
    t.is(auditTime(seconds * 1_000_000 + micros), expected)
  },
  { numRuns: 2000 },
)
