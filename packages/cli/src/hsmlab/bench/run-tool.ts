import { type ChildProcess, execFile, spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'

type Environment = Readonly<Record<string, string | undefined>>

/** A tool that could not do what the benchmark needs; `message` says which and why. */
export class BenchFailure extends Error {}

/** What a tool printed; it throws a `BenchFailure` with the tool's last words when it fails. */
export const runTool = (file: string, words: ReadonlyArray<string>, env: Environment = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(file, words, { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new BenchFailure(`${file} ${words[0] ?? ''}: ${stderr.trim() || error.message}`))
    })
  })

/** Starts a server, and resolves when `isReady` is true of what it printed so far. */
export const startServer = async (
  file: string,
  words: ReadonlyArray<string>,
  env: Environment,
  isReady: (output: string) => boolean,
): Promise<Readonly<{ child: ChildProcess; output: string }>> => {
  const options: SpawnOptions = { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }
  const child = spawn(file, words, options)
  const failure = await new Promise<string | undefined>((resolve) => {
    let output = ''
    let errors = ''
    child.stderr?.on('data', (bytes: Buffer) => (errors += bytes.toString()))
    child.stdout?.on('data', (bytes: Buffer) => {
      output += bytes.toString()
      if (isReady(output)) resolve(output)
    })
    child.once('error', ({ message }) => resolve(`failed: ${message}`))
    child.once('exit', () => resolve(`failed: ${errors.trim()}`))
  })
  if (failure === undefined || failure.startsWith('failed: ')) throw new BenchFailure(`${file}: ${failure ?? ''}`)
  return { child, output: failure }
}

export const stopServer = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
