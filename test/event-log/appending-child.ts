import { writeSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { openLog, right, textAt } from './fixture.ts'

/** Appends for ever, three commands at a time, and writes each revision to stdout once it is acknowledged. */
const log = right(await openLog(process.argv[2] ?? ''))

const keepAppending = async (): Promise<void> => {
  for (;;) {
    const { revision } = log.speculativeHead()
    const appended = right(log.append(revision, [new TextEncoder().encode(textAt(revision))]))
    const durable = await appended.durable()
    if (E.isLeft(durable)) throw new Error(durable.left.outcome)
    writeSync(1, `${durable.right.revision}\n`)
  }
}

await Promise.all([keepAppending(), keepAppending(), keepAppending()])
