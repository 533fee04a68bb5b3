import { type Command, InvalidArgumentError } from 'commander'
import type { Writable } from 'node:stream'
import * as E from 'fp-ts/lib/Either.js'
import { type HsmId, HsmIdCodec } from '@hsmlab/domain'
import { type Colour, colourFor } from '../../shared/colour.ts'
import { NOT_RUNNING } from '../../shared/connect.ts'
import { dataDirectory, type Environment } from '../../shared/data-directory.ts'
import { EXIT, type ExitCode, type Outcome, type Problem } from '../outcome.ts'

export type HsmlabWorld = Readonly<{
  environment: Environment
  output: Writable & Readonly<{ isTTY?: boolean }>
  errors: Writable & Readonly<{ isTTY?: boolean }>
  /** Calls `run` at each SIGINT and SIGTERM. */
  onStopSignal: (run: () => void) => void
}>

/** Options that every command has. */
export type Common = Readonly<{ json?: true; data?: string }>

/** What commands tell their results to. The last one told is what the process ends with. */
export interface Context {
  readonly world: HsmlabWorld
  readonly colour: Colour
  readonly print: (text: string) => void
  readonly data: (options: Common) => string
  readonly tell: (outcome: Outcome, options: Common) => void
  readonly fail: (problem: Problem, options: Common) => void
  /** The end of a command that printed its results itself. */
  readonly end: (ended: E.Either<Problem, ExitCode>, options: Common) => void
  readonly exit: () => ExitCode
}

export const contextOf = (world: HsmlabWorld): Context => {
  const { environment, output, errors } = world
  let exit: ExitCode = EXIT.done
  const print = (text: string): void => void output.write(text)
  const fail = ({ code, message }: Problem, { json }: Common): void => {
    exit = code === NOT_RUNNING ? EXIT.notRunning : EXIT.failed
    if (json === true) print(`${JSON.stringify({ error: { code, message } })}\n`)
    else errors.write(`hsmlab: ${message}\n`)
  }
  return {
    world,
    colour: colourFor(output.isTTY === true, environment),
    print,
    fail,
    data: ({ data }) => dataDirectory(data, environment),
    tell: (outcome, options) => {
      if (E.isLeft(outcome)) return fail(outcome.left, options)
      exit = outcome.right.exit ?? EXIT.done
      const { json, text } = outcome.right
      print(options.json === true ? `${JSON.stringify(json, undefined, 2)}\n` : `${text}\n`)
    },
    end: (ended, options) => {
      if (E.isLeft(ended)) fail(ended.left, options)
      else exit = ended.right
    },
    exit: () => exit,
  }
}

/** A command with the options that all have. */
export const commandUnder = (parent: Command, name: string, summary: string): Command =>
  parent
    .command(name)
    .description(summary)
    .option('--json', 'print JSON, for programs')
    .option('--data <DIR>', 'the data folder that is meant [HSMLAB_DATA, else .hsmlab here or in a parent]')

export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`A whole number from ${least} to ${most}.`)
  }

/** Collects addresses; an option may be given again, and hold several of them with commas between. */
export const urlArgument =
  (protocols: ReadonlyArray<string>) =>
  (text: string, before: ReadonlyArray<string>): ReadonlyArray<string> => {
    const urls = text.split(',').filter((each) => each !== '')
    const isOne = (url: string): boolean => URL.canParse(url) && protocols.includes(new URL(url).protocol)
    if (urls.length > 0 && urls.every(isOne)) return [...before, ...urls]
    throw new InvalidArgumentError(`An address that begins with ${protocols.map((each) => `${each}//`).join(' or ')}.`)
  }

export const hsmIdArgument = (text: string): HsmId => {
  const hsmId = HsmIdCodec.decode(text)
  if (E.isRight(hsmId)) return hsmId.right
  throw new InvalidArgumentError('An HSM id, such as hsm-abcdefghijk.')
}
