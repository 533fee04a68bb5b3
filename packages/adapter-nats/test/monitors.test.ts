import test from 'ava'
import { defaultMonitors } from '../src/prove-durability.ts'

test('monitoring is looked for on port 8222 of each server', (t) => {
  t.deepEqual(defaultMonitors(['nats://nats-a:4222', 'tls://10.0.0.1:4333', 'localhost:4222', 'nats://[::1]:4222']), [
    'http://nats-a:8222',
    'http://10.0.0.1:8222',
    'http://localhost:8222',
    'http://[::1]:8222',
  ])
})
