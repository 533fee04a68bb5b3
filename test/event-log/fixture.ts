import { createHash } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { levelDisk } from '@hsmlab/adapter-leveldb'
import { type EventStore, type OpenFailure, openEventStore, payloadOf } from '@hsmlab/application'

export type Teardown = Readonly<{ teardown: (run: () => Promise<void>) => void }>

/** A folder of the test's own, removed when the test ends. */
export const temporaryDirectory = async (t: Teardown): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'hsmlab-event-log-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}

const primitives = {
  sha256: (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest()),
}
const macKey = new Uint8Array(32).fill(42)

export const openLog = (
  directory: string,
  { create = false, identity = 'hsm-one' } = {},
): Promise<E.Either<OpenFailure, EventStore>> =>
  openEventStore({ disk: levelDisk(directory), primitives }, { create, macKey, identity })()

export const right = <Result>(result: E.Either<{ readonly _tag: string }, Result>): Result => {
  if (E.isLeft(result)) throw new Error(`unexpected ${JSON.stringify(result.left)}`)
  return result.right
}

/** What the record at `position` says: about as long as an event. */
export const textAt = (position: number): string =>
  JSON.stringify({ type: 'KeyGenerated', version: 1, data: { handle: position, label: 'x'.repeat(250) } })

const RECORDS_PER_BATCH = 5

/** Appends `batches` batches of five records, each durable before the next. */
export const appendBatches = async (log: EventStore, batches: number): Promise<void> => {
  for (let batch = 0; batch < batches; batch++) {
    const { revision } = log.speculativeHead()
    const payloads = Array.from({ length: RECORDS_PER_BATCH }, (_, i) => new TextEncoder().encode(textAt(revision + i)))
    right(await right(log.append(revision, payloads)).durable())
  }
}

/** Makes a log in `directory`, and closes it: all its records lie in LevelDB's write-ahead log. */
export const makeLog = async (directory: string, batches: number, identity = 'hsm-one'): Promise<void> => {
  const log = right(await openLog(directory, { create: true, identity }))
  await appendBatches(log, batches)
  right(await log.close()())
}

/** Adds batches to the closed log in `directory`. LevelDB makes a table of its write-ahead log when it opens. */
export const growLog = async (directory: string, batches: number): Promise<void> => {
  const log = right(await openLog(directory))
  await appendBatches(log, batches)
  right(await log.close()())
}

/** The largest file of the database whose name ends in `suffix`. */
export const largest = async (directory: string, suffix: string): Promise<string> => {
  const names = (await readdir(join(directory, 'log'))).filter((name) => name.endsWith(suffix))
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, 'log', name)
      return { path, size: (await stat(path)).size }
    }),
  )
  const [first] = files.sort((a, b) => b.size - a.size)
  if (first === undefined) throw new Error(`no file ends in ${suffix}`)
  return first.path
}

/** Changes the bytes of a file as `change` says. */
export const edit = async (path: string, change: (bytes: Buffer) => Buffer | void): Promise<void> => {
  const bytes = await readFile(path)
  await writeFile(path, change(bytes) ?? bytes)
}

export const flipBit = (path: string, at: (size: number) => number): Promise<void> =>
  edit(path, (bytes) => {
    const offset = Math.floor(at(bytes.length))
    bytes[offset] = (bytes[offset] ?? 0) ^ 0x10
  })

export const copyDirectory = (from: string, to: string): Promise<void> => cp(from, to, { recursive: true })

/**
 * What a start finds: the failure it names, or how many records it serves. A record that is not the one that was
 * appended there is never served.
 */
export const outcome = async (directory: string, options: { create?: boolean; identity?: string } = {}) => {
  const opened = await openLog(directory, options)
  if (E.isLeft(opened)) {
    const { cause: _cause, ...failure } = { cause: undefined, ...opened.left }
    return failure
  }
  const log = opened.right
  let altered: number | undefined
  const read = await log.read(0, Infinity, (position, record) => {
    if (new TextDecoder().decode(payloadOf(record)) !== textAt(position)) altered = position
  })()
  const scrubbed = await log.scrub()()
  right(await log.close()())
  if (altered !== undefined) return { _tag: 'ServedAltered', altered }
  if (E.isLeft(read)) return read.left
  if (E.isLeft(scrubbed)) return scrubbed.left
  return { _tag: 'Whole', records: log.durableHead().revision }
}
