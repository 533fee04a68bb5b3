import * as E from 'fp-ts/lib/Either.js'
import { decodeHsmFact, type HsmFact, type KeyHandle, KeyHandleCodec } from '@hsmlab/domain'
import { keyReference } from '../../cloudhsm/key/view.ts'
import { textTable } from '../../shared/table.ts'
import { EXIT, type Outcome, type Problem, told } from '../outcome.ts'
import { brokenText } from './describe.ts'
import type { BrokenLog } from './fold-all.ts'
import type { Logs } from './log-source.ts'

/** One thing that happened to a key on one HSM. */
export type KeyStep = Readonly<{ atMicros: number; hsmId: string; position: number; what: string; detail: string }>

/** `0x…` as CloudHSM CLI prints it, or the decimal number of audit logs. */
export const handleOf = (reference: string): E.Either<Problem, KeyHandle> => {
  const isNumber = /^(?:0x[0-9a-fA-F]{1,16}|\d{1,16})$/.test(reference)
  const handle = KeyHandleCodec.decode(isNumber ? Number(reference) : undefined)
  if (E.isRight(handle)) return handle
  return E.left({ code: 'InvalidArgument', message: `${reference} is no key reference, such as 0x0000000000140001` })
}

type Step = Pick<KeyStep, 'what' | 'detail'>

/** What a fact means for one key; `undefined`: nothing. */
const stepOf = ({ event }: HsmFact, handle: KeyHandle): Step | undefined => {
  switch (event.type) {
    case 'KeyGenerated':
      if (event.record.handle !== handle) return undefined
      return { what: 'generated', detail: `by ${event.record.owner}` }
    case 'KeyPairGenerated': {
      const { publicRecord, privateRecord } = event
      if (publicRecord.handle !== handle && privateRecord.handle !== handle) return undefined
      const other = publicRecord.handle === handle ? privateRecord.handle : publicRecord.handle
      return { what: 'generated', detail: `by ${publicRecord.owner}, one half of a pair with ${keyReference(other)}` }
    }
    case 'SessionKeyGenerated':
    case 'SessionKeyDestroyed':
      if (event.handle !== handle) return undefined
      return { what: event.type === 'SessionKeyGenerated' ? 'generated' : 'destroyed', detail: 'session key' }
    case 'SessionKeyPairGenerated':
      if (event.publicHandle !== handle && event.privateHandle !== handle) return undefined
      return { what: 'generated', detail: 'one half of a pair of session keys' }
    case 'KeyExtracted':
      return event.handle === handle ? { what: 'copied out', detail: 'to be inserted elsewhere' } : undefined
    case 'KeyInserted': {
      if (event.record.handle !== handle) return undefined
      const superseded = event.superseded.length === 0 ? '' : `; superseded: ${event.superseded.join(', ')}`
      return { what: 'inserted', detail: `from ${event.source}, generation ${event.record.generation}${superseded}` }
    }
    case 'KeyDeleted':
      if (event.tombstone.handle !== handle) return undefined
      return { what: 'deleted', detail: `from ${event.source}, generation ${event.tombstone.generation}` }
    case 'HsmZeroized':
      return { what: 'HSM zeroized', detail: 'with everything that was on it' }
    default:
      return undefined
  }
}

const timeText = (atMicros: number): string => {
  const fraction = String(atMicros % 1_000_000).padStart(6, '0')
  return `${new Date(Math.floor(atMicros / 1000)).toISOString().slice(0, 19)}.${fraction}Z`
}

/** Everything that happened to one key, on all HSMs, in the order of their clocks. */
export const keyLife = async ({ sources }: Logs, handle: KeyHandle): Promise<Outcome> => {
  const steps: KeyStep[] = []
  const broken: BrokenLog[] = []
  for (const source of sources) {
    if (source.log === 'controller') continue
    let met = false
    const read = await source.read(undefined, (position, payload) => {
      const fact = decodeHsmFact(payload)
      if (E.isLeft(fact)) return false
      const step = stepOf(fact.right, handle)
      // What happens to a whole HSM concerns a key only when it was there.
      if (step === undefined || (fact.right.event.type === 'HsmZeroized' && !met)) return true
      met = true
      steps.push({ atMicros: fact.right.at, hsmId: source.log, position, ...step })
      return true
    })
    if (E.isLeft(read)) broken.push({ log: source.log, ...read.left })
  }
  if (steps.length === 0 && broken.length === 0) {
    return E.left({ code: 'KeyUnknown', message: `No HSM ever held a key ${keyReference(handle)}.` })
  }
  const life = steps.sort((a, b) => a.atMicros - b.atMicros)
  const rows = life.map(({ atMicros, hsmId, position, what, detail }) => [
    timeText(atMicros),
    hsmId,
    `record ${position}`,
    what,
    detail,
  ])
  const text = [keyReference(handle), textTable(rows, '  '), ...broken.map(brokenText)].join('\n')
  const exit = broken.length === 0 ? EXIT.done : EXIT.failed
  return E.right(told({ keyReference: keyReference(handle), life, broken }, text, exit))
}
