import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import type { AvailabilityZone } from '@hsmlab/domain'
import { type ControlClient, withControl } from '../control.ts'
import type { Figures, ZoneLoss } from './figures.ts'
import type { LoadGenerator } from './load.ts'
import { BenchFailure } from './run-tool.ts'
import { type Product, startProduct } from './targets.ts'

const KEYS_FILLED = 2000
const SETTLE_MILLIS = 1000

/** Starts the product in new folders, and again in the last of them; that one runs on. */
export const measureStarts = async (
  folder: string,
  times: number,
): Promise<Readonly<{ product: Product; readyMillis: Figures['readyMillis'] }>> => {
  const first: number[] = []
  let data = ''
  for (let i = 0; i < times; i += 1) {
    data = join(folder, `data-${i}`)
    const product = await startProduct(data)
    first.push(product.readyMillis)
    await product.stop()
  }
  const again: number[] = []
  for (;;) {
    const product = await startProduct(data)
    again.push(product.readyMillis)
    if (again.length === times) return { product, readyMillis: { first, again } }
    await product.stop()
  }
}

const ZONES = ['us-east-1a', 'us-east-1b', 'us-east-1c'] as ReadonlyArray<string> as ReadonlyArray<AvailabilityZone>
const LOOP_MILLIS = 2000
const KILLED_AFTER_MILLIS = 700
const HEALED_WITHIN_MILLIS = 30_000
const POLL_MILLIS = 50

const got = <A>(what: string, answer: E.Either<Readonly<{ message: string }>, A>): A => {
  if (E.isRight(answer)) return answer.right
  throw new BenchFailure(`${what}: ${answer.left.message}`)
}

/** Until every HSM answers, and none has anything to catch up on. */
const untilHealed = async (control: ControlClient): Promise<void> => {
  const begun = performance.now()
  while (performance.now() - begun < HEALED_WITHIN_MILLIS) {
    const { clusters } = got('status', await control.call('status', {}))
    const hsms = clusters.flatMap((cluster) => cluster.hsms)
    if (hsms.every(({ digest, lag }) => digest !== undefined && lag === 0)) return
    await after(POLL_MILLIS)
  }
  throw new BenchFailure('the zone did not come back in time')
}

const zonesInTurn = (count: number): ReadonlyArray<AvailabilityZone> =>
  Array.from({ length: Math.ceil(count / ZONES.length) }, () => ZONES)
    .flat()
    .slice(0, count)

/** Lets one zone after another die while one thread signs, and gives each back before the next. */
export const measureZoneLoss = (load: LoadGenerator, product: Product, times: number): Promise<ZoneLoss> =>
  withControl(product.data, async (control) => {
    const pausesMillis: number[] = []
    let failed = 0
    for (const availabilityZone of zonesInTurn(times)) {
      const signing = load.run(product, 'ecdsa', 'threads', 1, LOOP_MILLIS)
      await after(KILLED_AFTER_MILLIS)
      got('chaos', await control.call('chaosKillAz', { availabilityZone }))
      const loop = await signing
      pausesMillis.push(loop.longestMicros / 1000)
      failed += loop.failed
      got('chaos', await control.call('chaosHeal', {}))
      await untilHealed(control)
    }
    return E.right({ pausesMillis, failed })
  }).then((measured) => got('chaos', measured))

/** Resident memory that 1,000 keys take, on all three HSMs together. */
export const measureMemory = async (load: LoadGenerator, product: Product): Promise<number> => {
  await after(SETTLE_MILLIS)
  const before = await product.residentBytes()
  await load.fill(product, KEYS_FILLED)
  await after(SETTLE_MILLIS)
  return (((await product.residentBytes()) - before) / KEYS_FILLED) * 1000
}
