// Measures the event log on LevelDB: node scripts/measure-event-log.mjs [records] [directory]
// Build first (npm run build); for one core, put `taskset -c 0` in front.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { levelDisk } from '@hsmlab/adapter-leveldb'
import { opensslEngine } from '@hsmlab/adapter-node'
import { openEventStore, payloadOf } from '@hsmlab/application'

const records = Number(process.argv[2] ?? 200_000)
const directory = mkdtempSync(join(process.argv[3] ?? tmpdir(), 'hsmlab-measure-'))
const primitives = opensslEngine()
const macKey = new Uint8Array(32).fill(1)
const utf8 = new TextEncoder()

const rightOf = (result) => {
  if (result._tag === 'Left') throw new Error(JSON.stringify(result.left))
  return result.right
}
const open = async (replay) =>
  rightOf(
    await openEventStore(
      { disk: levelDisk(directory), primitives },
      { create: true, macKey, identity: 'hsm-measured', ...(replay ? { replay } : {}) },
    )(),
  )

/** An event of about 300 bytes. */
const payloadAt = (position) =>
  utf8.encode(
    JSON.stringify({
      at: 1_764_000_000_000_000 + position,
      data: { attributes: { CKA_PRIVATE: true, CKA_TOKEN: true }, handle: position, masked: 'A'.repeat(160) },
      type: 'KeyGenerated',
      version: 1,
    }),
  )

const rate = (count, millis) => `${Math.round((count / millis) * 1000).toLocaleString('en-US')}/s`

const fill = async () => {
  const log = await open()
  const start = performance.now()
  for (let position = 0; position < records; position += 500) {
    const payloads = Array.from({ length: Math.min(500, records - position) }, (_, i) => payloadAt(position + i))
    rightOf(await rightOf(log.append(position, payloads)).durable())
  }
  console.log(`append, 500 records a command    ${rate(records, performance.now() - start)}`)
  rightOf(await log.close()())
}

const replay = async () => {
  let payloadBytes = 0
  const cpuBefore = process.cpuUsage()
  const start = performance.now()
  const log = await open({
    fromSnapshot: () => false,
    record: (_, record) => {
      payloadBytes += payloadOf(record).length
    },
  })
  const millis = performance.now() - start
  const { user, system } = process.cpuUsage(cpuBefore)
  const cpuMillis = (user + system) / 1000
  console.log(
    `replay, every hash and MAC       ${rate(records, millis)}, ${rate(records, cpuMillis)} of CPU, ${Math.round(payloadBytes / records)}-byte payloads`,
  )
  rightOf(await log.close()())
}

const durableAppends = async (callers) => {
  const log = await open()
  const payload = payloadAt(0)
  const waits = []
  const start = performance.now()
  const call = async () => {
    while (performance.now() - start < 1500) {
      const asked = performance.now()
      rightOf(await rightOf(log.append(log.speculativeHead().revision, [payload])).durable())
      waits.push(performance.now() - asked)
    }
  }
  await Promise.all(Array.from({ length: callers }, call))
  const millis = performance.now() - start
  waits.sort((a, b) => a - b)
  const at = (share) => `${waits[Math.floor(waits.length * share)].toFixed(2)} ms`
  console.log(
    `durable appends, ${String(callers).padStart(3)} callers     ${rate(waits.length, millis)}, p50 ${at(0.5)}, p99 ${at(0.99)}`,
  )
  rightOf(await log.close()())
}

try {
  await fill()
  for (let run = 0; run < 3; run++) await replay()
  for (const callers of [1, 16, 64, 256]) await durableAppends(callers)
} finally {
  rmSync(directory, { recursive: true })
}
