import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { openLog, outcome, right, temporaryDirectory } from './fixture.ts'

const CHILD = fileURLToPath(new URL('appending-child.js', import.meta.url))

/** Lets another process append to the log in `directory`, kills it after some acknowledgements; answers the last one. */
const killAfter = async (directory: string, acknowledgements: number): Promise<number> => {
  const child = spawn(process.execPath, [CHILD, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  let last = 0
  let seen = 0
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line)
    seen += 1
    if (seen === acknowledgements) child.kill('SIGKILL')
  }
  const [, signal] = await exited
  if (signal !== 'SIGKILL') throw new Error(`the child ended by itself: ${signal}`)
  return last
}

test('everything that was acknowledged survives kill -9, time after time', async (t) => {
  const directory = await temporaryDirectory(t)
  right(await right(await openLog(directory, { create: true })).close()())
  for (const acknowledgements of [1, 50, 200]) {
    const acknowledged = await killAfter(directory, acknowledgements)
    t.true(acknowledged >= acknowledgements)
    const found = await outcome(directory)
    t.is(found._tag, 'Whole')
    t.true('records' in found && found.records >= acknowledged)
  }
})
