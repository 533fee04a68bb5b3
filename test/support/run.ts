import { type ChildProcess, spawn } from 'node:child_process'

/** How a command ended. `text` is what it printed, standard output first. */
export type Ran = Readonly<{ status: number | null; stdout: Buffer; stderr: string; text: string }>

export type RunOptions = Readonly<{
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** What it reads from its standard input; nothing by default. */
  input?: string | Buffer
}>

/** A machine under load takes its time; a command that hangs is ended. */
const RUN_MILLIS_MAX = 180_000

/** No process outlives the tests that started it: each has a group of its own, with all its children. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) killGroup(child)
})

/** SIGKILL, to a process and its children. */
export const killGroup = ({ pid }: ChildProcess): void => {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

/** Starts a process that ends with the tests at the latest. Its three streams are pipes. */
export const launch = (command: string, args: ReadonlyArray<string>, { cwd, env }: RunOptions = {}) => {
  const child = spawn(command, args, { cwd, env, stdio: 'pipe', detached: true })
  running.add(child)
  child.once('exit', () => running.delete(child))
  child.stdin.on('error', () => undefined) // It may end without reading.
  return child
}

/** Runs a command to its end. */
export const run = (command: string, args: ReadonlyArray<string>, options: RunOptions = {}): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = launch(command, args, options)
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    const late = setTimeout(() => killGroup(child), RUN_MILLIS_MAX)
    child.once('error', reject)
    child.once('close', (status) => {
      clearTimeout(late)
      const [out, err] = [Buffer.concat(stdout), Buffer.concat(stderr).toString()]
      resolve({ status, stdout: out, stderr: err, text: out.toString() + err })
    })
    child.stdin.end(options.input ?? '')
  })
