import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isRecentEnough } from '../server-version.ts'

/** Where `scripts/install-test-tools` puts what Debian 12 does not have. */
const TOOLS_FOLDER = '/var/cache/hsmlab-test-tools'

const isGoodServer = (binary: string): boolean => {
  const { stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' })
  return isRecentEnough(/v(\d\S*)/.exec(stdout ?? '')?.[1] ?? '')
}

/**
 * A nats-server that is recent enough: what `HSMLAB_NATS_SERVER` names, else the one of `scripts/install-test-tools`,
 * else the one on the PATH.
 */
export const findNatsServer = (env: NodeJS.ProcessEnv = process.env): string | undefined => {
  const named = env['HSMLAB_NATS_SERVER']
  if (named !== undefined && named !== '') return isGoodServer(named) ? named : undefined
  const installed = join(env['HSMLAB_TOOLS'] ?? TOOLS_FOLDER, 'bin', 'nats-server')
  if (existsSync(installed) && isGoodServer(installed)) return installed
  return isGoodServer('nats-server') ? 'nats-server' : undefined
}
