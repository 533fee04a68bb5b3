import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { READY_MADE } from '@hsmlab/embedded'
import type { InstanceFile, ProductStatus } from '@hsmlab/protocol/local'
import { textTable } from '../shared/table.ts'
import { shellWord } from './env.ts'

/** Where distributions put p11-kit's client module. */
const P11_KIT_CLIENT = [
  '/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so',
  '/usr/lib/aarch64-linux-gnu/pkcs11/p11-kit-client.so',
  '/usr/lib64/pkcs11/p11-kit-client.so',
  '/usr/lib/pkcs11/p11-kit-client.so',
]

/** What a start tells, for people and for programs. */
export type Started = Readonly<{
  instance: InstanceFile
  status: ProductStatus
  readyMillis: number
  dataDirectory: string
}>

/** The ready-made cluster's marker, which its making leaves in the data folder. */
const hasReadyMade = (dataDirectory: string): boolean => existsSync(join(dataDirectory, 'ready-made'))

const userRows = (): ReadonlyArray<ReadonlyArray<string>> => {
  const { admin, cryptoUser } = READY_MADE
  return [
    ['Admin', `${admin.username} / ${admin.password}`],
    [
      'Crypto user',
      `${cryptoUser.username} / ${cryptoUser.password}   PIN ${cryptoUser.username}:${cryptoUser.password}`,
    ],
  ]
}

const clusterRow = ({ clusters }: ProductStatus): ReadonlyArray<string> => {
  const [first, ...others] = clusters
  if (first === undefined) return ['Cluster', 'none yet']
  const zones = [...new Set(first.hsms.map(({ availabilityZone }) => availabilityZone))].sort().join(', ')
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  return ['Cluster', `${first.clusterId}  ${first.state}  ${first.hsms.length} HSMs in ${zones || 'no zone'}${more}`]
}

const next = ({ instance, status, dataDirectory }: Started, module: string): ReadonlyArray<ReadonlyArray<string>> => {
  const zone = status.clusters[0]?.hsms[0]?.availabilityZone ?? 'us-east-1a'
  const active = status.clusters.some(({ state }) => state === 'ACTIVE')
  const environment = `eval "$(npx hsmlab env --data ${shellWord(dataDirectory)})"`
  if (!active) {
    return [
      [environment, 'use it from this shell'],
      ['aws cloudhsmv2 describe-clusters', `AWS API at ${instance.endpoint}`],
    ]
  }
  return [
    [environment, 'use it from this shell'],
    [`pkcs11-tool --module ${module} -l -p user1:password1 --keypairgen --key-type EC:prime256v1 --label first`, ''],
    [`pkcs11-tool --module ${module} -O`, 'see the public key'],
    ['npx cloudhsm-cli interactive', 'manage users and keys'],
    ['npx hsmlab status', 'see zones, HSMs and keys'],
    [`npx hsmlab chaos kill-az ${zone}`, 'lose a zone; heal brings it back'],
    ['npx hsmlab replay --verify', 'fold the history again'],
  ]
}

/** What `up` prints when the product is ready: aligned, and meant to be pasted from. */
export const startText = (started: Started): string => {
  const { instance, status, readyMillis, dataDirectory } = started
  const module = P11_KIT_CLIENT.find((path) => existsSync(path))
  const facts = [
    ['AWS endpoint', instance.endpoint],
    ['Region', instance.region],
    ['PKCS#11', `P11_KIT_SERVER_ADDRESS=unix:path=${instance.pkcs11Socket}`],
    ['Module', module ?? 'p11-kit-client.so (install p11-kit-modules)'],
    clusterRow(status),
    ...(hasReadyMade(dataDirectory) ? userRows() : []),
    ['Data', dataDirectory],
  ]
  const title = `hsmlab ${status.version} is ready (pid ${instance.pid}, ${Math.round(readyMillis)} ms)`
  const tries = textTable(next(started, module ?? 'p11-kit-client.so'), '  ')
  return `${title}\n\n${textTable(facts, '  ')}\n\nTry:\n${tries}`
}
