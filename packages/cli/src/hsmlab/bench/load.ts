import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { findAbove } from '@hsmlab/adapter-node/local'
import { parseJson } from '@hsmlab/event-sourcing'
import { BenchFailure, runTool } from './run-tool.ts'

const SOURCE = findAbove(import.meta.url, 'bench/p11-bench.c')

const Load = t.strict({
  done: t.number,
  failed: t.number,
  perSecond: t.number,
  p50Micros: t.number,
  p99Micros: t.number,
  longestMicros: t.number,
})

/** What programs got done through a PKCS#11 module. */
export type Load = t.TypeOf<typeof Load>

/** Anything that signs behind p11-kit's client library. */
export type Target = Readonly<{ socket: string; pin: string }>

export type Operation = 'info' | 'ecdsa' | 'rsa'
/** Workers of one program, over one connection; or programs, each with a connection of its own. */
export type Mode = 'threads' | 'processes'

export const NAMES: Readonly<Record<Operation, string>> = {
  info: 'empty call',
  ecdsa: 'ECDSA P-256',
  rsa: 'RSA-2048',
}

/** A program in C that loads a PKCS#11 module as any other would, so that what is measured is not measured by us. */
export type LoadGenerator = Readonly<{
  /** Makes the key pairs that `run` signs with. */
  makeKeys: (target: Target) => Promise<void>
  /** Makes `count` AES keys. */
  fill: (target: Target, count: number) => Promise<void>
  run: (target: Target, operation: Operation, mode: Mode, workers: number, millis: number) => Promise<Load>
}>

const compile = async (program: string): Promise<void> => {
  try {
    await runTool('cc', ['-O2', '-pthread', '-o', program, SOURCE, '-ldl'])
  } catch (error) {
    const why = error instanceof BenchFailure ? error.message : String(error)
    throw new BenchFailure(
      `a C compiler is needed for the load generator (Debian: apt-get install gcc libc6-dev): ${why}`,
    )
  }
}

/** Compiles the load generator into `folder`. */
export const loadGenerator = async (folder: string, module: string): Promise<LoadGenerator> => {
  const program = join(folder, 'p11-bench')
  await compile(program)
  const call = ({ socket, pin }: Target, ...words: ReadonlyArray<string>): Promise<string> =>
    runTool(program, [module, pin, ...words], { P11_KIT_SERVER_ADDRESS: `unix:path=${socket}` })
  return {
    makeKeys: async (target) => void (await call(target, 'keys')),
    fill: async (target, count) => void (await call(target, 'fill', String(count))),
    run: async (target, operation, mode, workers, millis) => {
      const printed = await call(target, operation, mode, String(workers), String(millis))
      const load = Load.decode(parseJson(printed))
      if (E.isLeft(load)) throw new BenchFailure(`the load generator printed ${printed}`)
      return load.right
    },
  }
}
