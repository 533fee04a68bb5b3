import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const HISTORY_FILE_NAME = 'cloudhsm-cli.history'

/** Lines that carry a password on them are not remembered. */
export const withoutSecrets = (history: ReadonlyArray<string>): ReadonlyArray<string> =>
  history.filter((line) => !line.includes('--pass'))

/** The lines that were typed in earlier sessions, newest first. */
export const readHistory = (dataDirectory: string): ReadonlyArray<string> => {
  try {
    return readFileSync(join(dataDirectory, HISTORY_FILE_NAME), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch {
    return [] // The first session, or a folder that is not there.
  }
}

export const writeHistory = (dataDirectory: string, history: ReadonlyArray<string>): void => {
  try {
    writeFileSync(join(dataDirectory, HISTORY_FILE_NAME), `${history.join('\n')}\n`, { mode: 0o600 })
  } catch {
    // Without its folder a history is not worth an error.
  }
}
