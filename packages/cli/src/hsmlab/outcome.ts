import type { Either } from 'fp-ts/lib/Either.js'

/** What `hsmlab` ends with; its help says so too. */
export const EXIT = {
  done: 0,
  /** What was asked for was refused, or failed. */
  failed: 1,
  /** The words were wrong. */
  usage: 2,
  /** No product runs on the data folder. */
  notRunning: 3,
  /** A verification found a difference. */
  differs: 4,
  interrupted: 130,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Why a command did not do what it was asked. */
export type Problem = Readonly<{ code: string; message: string }>

/** What a command has to say: for programs (`--json`), and for people. */
export type Told = Readonly<{ json: unknown; text: string; exit?: ExitCode }>

export type Outcome = Either<Problem, Told>

export const told = (json: unknown, text: string, exit: ExitCode = EXIT.done): Told => ({ json, text, exit })
