import { opensslEngine, pinoLogger, systemRandom } from '@hsmlab/adapter-node'
import { serveUnixSocket } from '@hsmlab/adapter-node/local'
import { DEFAULT_SETTINGS, openCryptoki } from '@hsmlab/cryptoki'
import { servePkcs11 } from '@hsmlab/cryptoki/p11-kit'
import { softCluster } from '@hsmlab/cryptoki/soft-token'

/** The PKCS#11 door before a soft token, in a process of its own: a program that calls it waits for it. */
const [path = ''] = process.argv.slice(2)
const engine = opensslEngine({ workers: 1 })
const logger = pinoLogger({ level: 'warn' })
const cluster = softCluster({
  engine,
  randomBytes: systemRandom.bytes,
  users: { user1: 'password1' },
  mode: 'FIPS',
  clusterId: 'cluster-softtoken22',
})
const cryptoki = openCryptoki({ engine, random: systemRandom, logger })
const open = () => cryptoki.openConnection({ clients: [cluster], settings: DEFAULT_SETTINGS })
const listening = await serveUnixSocket(path, servePkcs11(open, logger))()
process.stdout.write(`${listening._tag}\n`)
