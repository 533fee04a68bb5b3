import type { Tagged } from '@hsmlab/event-sourcing'
import type { StoreFailure } from '@hsmlab/ports'

/**
 * `gap`: records are missing from here on. `chain`: a record does not follow the one before it. `mac`: a record was
 * altered, or not written by this HSM. `malformed`: these bytes are no record. `head`: the end of the log is not where
 * its head says. `fork`: the log tells another history than the head file remembers.
 */
export type LogFlaw = 'gap' | 'chain' | 'mac' | 'malformed' | 'head' | 'fork'

/** `position` is the first record that cannot be trusted, counted from 0. */
export type LogDamaged = Tagged<'LogDamaged', { position: number; what: LogFlaw }>

/** The log ends before records that were acknowledged: an older copy, or a lost tail. Revisions count records. */
export type LogRolledBack = Tagged<'LogRolledBack', { remembered: number; found: number }>

/** The head file remembers a log of `remembered` records, and there is none. */
export type LogMissing = Tagged<'LogMissing', { remembered: number }>

/** The log of another owner lies in this one's place. */
export type LogForeign = Tagged<'LogForeign', { expected: string; found: string }>

/** The head file beside the log is gone, damaged, another's, or older than the log allows. */
export type HeadFileDamaged = Tagged<
  'HeadFileDamaged',
  { what: 'missing' | 'malformed' | 'mac' | 'foreign' | 'rolled-back' }
>

export type OpenFailure = StoreFailure | LogDamaged | LogRolledBack | LogMissing | LogForeign | HeadFileDamaged

/** What may pass: a full disk, a lock that is not free yet, a log that stopped. Everything else is damage. */
export const mayPass = ({ _tag }: Readonly<{ _tag: string }>): boolean =>
  _tag === 'StoreFull' || _tag === 'StoreLocked' || _tag === 'StoreStopped' || _tag === 'StoreUnavailable'

/** Somebody else appended first: the log holds `actual` records, not the `expected` ones. */
export type RevisionConflict = Tagged<'RevisionConflict', { expected: number; actual: number }>

export type PayloadTooLarge = Tagged<'PayloadTooLarge', { bytes: number; limit: number }>

/** More waits for the disk than is allowed to: try again later. Nothing was appended. */
export type LogBusy = Tagged<'LogBusy', { pendingBytes: number; limit: number }>

/**
 * The log takes no more: a write failed (or it was closed), and what lies on the disk is not known before it is opened
 * and verified anew. `unknown`: this append was under way then and may be on the disk. `not-written`: it is not.
 */
export type StoreStopped = Tagged<
  'StoreStopped',
  { outcome: 'unknown' | 'not-written'; reason: StoreFailure | Tagged<'StoreClosed'> }
>

export type AppendRefusal = RevisionConflict | PayloadTooLarge | LogBusy | StoreStopped
export type ReadFailure = StoreFailure | LogDamaged | StoreStopped

const describeFlaw = (what: LogFlaw, position: number): string => {
  switch (what) {
    case 'gap':
      return `record ${position} is missing`
    case 'chain':
      return `record ${position} does not follow the one before it`
    case 'mac':
      return `record ${position} was altered, or was not written by this HSM`
    case 'malformed':
      return `what lies at record ${position} is no record`
    case 'head':
      return `the log does not end where its head says (at record ${position})`
    case 'fork':
      return `the log tells another history than the head file remembers (up to record ${position})`
  }
}

const describeHeadFile = (what: HeadFileDamaged['what']): string => {
  switch (what) {
    case 'missing':
      return 'is missing'
    case 'malformed':
    case 'mac':
      return 'is damaged'
    case 'foreign':
      return 'belongs to another log'
    case 'rolled-back':
      return 'is older than the log'
  }
}

const records = (count: number): string => (count === 1 ? '1 record' : `${count} records`)

/** What happened to `identity`'s log, in one sentence for whoever started it, without its content. */
export const describeOpenFailure = (failure: OpenFailure, identity: string): string => {
  switch (failure._tag) {
    case 'StoreLocked':
      return `The log of ${identity} is open in another process.`
    case 'StoreMissing':
      return `There is no log of ${identity} here.`
    case 'StoreDamaged':
      return `The files of ${identity}'s log are damaged: the database cannot be opened.`
    case 'StoreFull':
      return `The disk that holds ${identity}'s log is full.`
    case 'StoreUnavailable':
      return `The files of ${identity}'s log cannot be read or written.`
    case 'LogDamaged':
      return `The log of ${identity} is damaged: ${describeFlaw(failure.what, failure.position)}.`
    case 'LogRolledBack':
      return `The log of ${identity} went back in time: it holds ${records(failure.found)} where ${records(failure.remembered)} had been acknowledged. An older copy, or a lost tail.`
    case 'LogMissing':
      return `The log of ${identity} is gone: its head file remembers ${records(failure.remembered)}.`
    case 'LogForeign':
      return `The log that lies in the place of ${failure.expected}'s belongs to ${failure.found}.`
    case 'HeadFileDamaged':
      return `The head file of ${identity}'s log ${describeHeadFile(failure.what)}.`
  }
}
