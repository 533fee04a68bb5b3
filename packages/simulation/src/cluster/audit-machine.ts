import * as E from 'fp-ts/lib/Either.js'
import { AUDIT_LOG_IDENTITY, type AuditSink, openEventStore, startAuditSink } from '@hsmlab/application'
import { sleep } from '@hsmlab/ports'
import { type SeededDisk, seededDisk } from '../disk/seeded-disk.ts'
import { diceFrom, numbersFrom } from '../random/dice.ts'
import { mortalDisk, type Process, startProcess } from './process.ts'
import type { World } from './world.ts'

/** Where the audit sink stands: outside of the Availability Zones. */
export const AUDIT_ZONE = 'audit'

const PERIOD_MILLIS = 250
const MAC_KEY = new Uint8Array(32).fill(5)

/** The computer of the audit sink, which follows the logs of all HSMs. */
export interface AuditMachine {
  readonly sink: () => AuditSink | undefined
  /** What kept the sink's log from being opened. */
  readonly failure: () => string | undefined
  readonly start: () => void
  readonly losePower: () => void
}

export const newAuditMachine = (world: World, controllerKey: Uint8Array): AuditMachine => {
  const dice = diceFrom(`${world.seed}/disk/audit/time`)
  const disk: SeededDisk = seededDisk({
    random: numbersFrom(`${world.seed}/disk/audit`),
    wait: () => sleep(world.clock, dice.between(0.1, 1)),
  })
  let incarnation = 0
  let process: Process | undefined
  let sink: AuditSink | undefined
  let failure: string | undefined

  const boot = async (running: Process): Promise<void> => {
    const store = await openEventStore(
      { disk: mortalDisk(disk, running.isAlive), primitives: running.engine },
      { create: true, macKey: MAC_KEY, identity: AUDIT_LOG_IDENTITY },
    )()
    if (E.isLeft(store)) {
      failure = store.left._tag
      return
    }
    const started = await startAuditSink(running, { store: store.right, controllerKey, periodMillis: PERIOD_MILLIS })
    if (E.isLeft(started)) failure = started.left._tag
    else if (running.isAlive()) sink = started.right
  }

  return {
    sink: () => sink,
    failure: () => failure,
    start: () => {
      if (process !== undefined) return
      incarnation += 1
      process = startProcess(world, 'audit sink', AUDIT_ZONE, { incarnation, wallShiftMicros: () => 0 })
      void boot(process)
    },
    losePower: () => {
      process?.kill()
      process = undefined
      sink = undefined
      disk.losePower()
    },
  }
}
