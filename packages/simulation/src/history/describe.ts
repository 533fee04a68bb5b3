import type { LinkFaults } from '../bus/network.ts'
import type { Outcome, WorkRecord } from './record.ts'
import { type Fault, type Operation, type Plan, STEADY_AES, STEADY_PAIR, type Step } from './steps.ts'

const keyName = (key: number): string => {
  if (key === STEADY_AES) return 'the steady AES key'
  return key === STEADY_PAIR ? 'the steady pair' : `key #${key}`
}

const operationText = (operation: Operation, id: number): string => {
  switch (operation.type) {
    case 'make-aes':
      return `makes AES ${keyName(id)}`
    case 'make-pair':
      return `makes EC ${keyName(id)}`
    case 'make-session-key':
      return 'makes a session key and uses it'
    case 'sign':
      return `signs with ${keyName(operation.key)}`
    case 'crypt':
      return `encrypts and decrypts with ${keyName(operation.key)}`
    case 'get':
      return `reads ${keyName(operation.key)}`
    case 'delete':
      return `deletes ${keyName(operation.key)}`
    case 'find':
      return 'finds all keys'
    case 'create-user':
      return `creates user #${id}`
    case 'change-password':
      return `changes the password of user #${operation.user}`
    case 'delete-user':
      return `deletes user #${operation.user}`
  }
}

const list = (names: ReadonlyArray<string>): string => names.join(' and ')

const linkText = ([from, to]: readonly [string, string]): string =>
  `${from === '*' ? 'everywhere' : from} to ${to === '*' ? 'everywhere' : to}`

const weatherText = (faults: Partial<LinkFaults>): string =>
  Object.entries(faults)
    .map(([name, value]) => `${name} ${Number(value.toFixed(2))}`)
    .join(', ')

const faultText = (fault: Fault): string => {
  switch (fault.type) {
    case 'kill':
      return `the process of ${list(fault.zones)} is killed for ${fault.millis} ms`
    case 'lose-power':
      return `${list([...fault.zones, ...(fault.proxy ? ['the proxy'] : [])])} lose power for ${fault.millis} ms`
    case 'crash-hsm':
      return `the HSM in ${fault.zone} is off for ${fault.millis} ms`
    case 'cut':
      return `the network is cut from ${fault.links.map(linkText).join(', from ')} for ${fault.millis} ms`
    case 'weather':
      return `the network has ${weatherText(fault.faults)} for ${fault.millis} ms`
    case 'disk-full':
      return `the disk in ${fault.zone} is full for ${fault.millis} ms`
    case 'disk-error':
      return `the disk in ${fault.zone} fails for ${fault.millis} ms`
    case 'disk-slow':
      return `disks in ${list(fault.zones)} take ${fault.factor} times as long for ${fault.millis} ms`
    case 'lose-storage':
      return `the storage of ${fault.zone} is ${fault.how}; its HSM is replaced after ${fault.millis} ms`
    case 'lose-feed':
      return 'the feed loses all it has'
    case 'feed-down':
      return `the feed is down for ${fault.millis} ms`
    case 'kill-proxy':
      return `the proxy is killed for ${fault.millis} ms`
    case 'kill-audit':
      return `the audit sink loses power for ${fault.millis} ms`
    case 'shift-clock':
      return `the clock of ${fault.zone} jumps by ${(fault.micros / 1e6).toFixed(3)} s`
  }
}

const outcomeText = (outcome: Outcome, returnedAt: number | undefined): string => {
  const at = returnedAt === undefined ? '' : ` at ${returnedAt.toFixed(0)} ms`
  switch (outcome._tag) {
    case 'ok':
      return `done${at}`
    case 'failed':
      return `${outcome.ckr}${at}`
    case 'skipped':
      return 'nothing to do it with'
    case 'abandoned':
      return 'the proxy died before it answered'
    case 'pending':
      return 'never answered'
  }
}

const stepLine = (step: Step, records: ReadonlyMap<number, WorkRecord>): string => {
  const time = `${String(step.at).padStart(6)} ms  `
  if (step.kind === 'fault') return `${time}${faultText(step.fault)}`
  const record = records.get(step.id)
  const outcome = record === undefined ? '' : `: ${outcomeText(record.outcome, record.returnedAt)}`
  return `${time}${step.program} ${operationText(step.operation, step.id)}${outcome}`
}

/** One line for each step of a history, as it went: times in milliseconds after the cluster was ready. */
export const describeHistory = (plan: Plan, records: ReadonlyArray<WorkRecord>): ReadonlyArray<string> => {
  const byStep = new Map(records.map((record) => [record.step.id, record]))
  const settings = `three HSMs, sync period ${plan.syncPeriodMillis} ms${plan.waived ? ', app-2 without the availability check' : ''}`
  return [
    settings,
    ...plan.steps.map((step) => stepLine(step, byStep)),
    `${String(plan.faultsEndAt).padStart(6)} ms  all faults end, all that is down comes back`,
  ]
}
