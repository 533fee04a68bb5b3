import type { StoreFailure } from '@hsmlab/ports'

/** What Node and level put on an error, and sometimes on its cause. */
type ErrorFacts = Readonly<{ code: string; message: string }>

const factsOf = (error: unknown): ErrorFacts => {
  if (!(error instanceof Error)) return { code: '', message: '' }
  const { code } = error as { code?: unknown }
  return { code: typeof code === 'string' ? code : '', message: error.message }
}

/** The error itself, or what it was caused by: level wraps LevelDB's own error when it opens. */
const innermost = (error: unknown): unknown =>
  error instanceof Error && error.cause instanceof Error ? error.cause : error

/**
 * The failure that an error of Node or LevelDB stands for. LevelDB reports a full disk as an I/O error that differs
 * from others in its text only, and so it does with a file of its own that is gone, or shorter than it was.
 */
export const storeFailure = (error: unknown): StoreFailure => {
  const cause = innermost(error)
  const { code, message } = factsOf(cause)
  if (code === 'LEVEL_LOCKED') return { _tag: 'StoreLocked', cause }
  if (code === 'LEVEL_CORRUPTION') return { _tag: 'StoreDamaged', cause }
  if (code === 'LEVEL_IO_ERROR' && /No such file|Invalid argument/.test(message)) return { _tag: 'StoreDamaged', cause }
  if (code === 'ENOSPC' || code === 'EDQUOT' || /No space left|quota exceeded/i.test(message)) {
    return { _tag: 'StoreFull', cause }
  }
  return { _tag: 'StoreUnavailable', cause }
}
