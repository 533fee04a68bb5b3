import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { READY_MADE } from '@hsmlab/embedded/facts'
import type { InstanceFile, ProductStatus } from '@hsmlab/protocol/local'
import { textTable } from '../shared/table.ts'
import { shellWord } from './env.ts'
import { p11KitModule } from './p11-kit-module.ts'

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

/** A command to paste, and what it is for. A shell takes the remark as a comment. */
type Try = readonly [command: string, remark: string]

const next = ({ instance, status, dataDirectory }: Started, module: string): ReadonlyArray<Try> => {
  const zone = status.clusters[0]?.hsms[0]?.availabilityZone ?? 'us-east-1a'
  const environment: Try = [`eval "$(npx hsmlab env --data ${shellWord(dataDirectory)})"`, 'use it from this shell']
  if (!status.clusters.some(({ state }) => state === 'ACTIVE')) {
    return [environment, ['aws cloudhsmv2 describe-clusters', `AWS API at ${instance.endpoint}`]]
  }
  const { username, password } = READY_MADE.cryptoUser
  return [
    environment,
    [`pkcs11-tool --module ${module} -l -p ${username}:${password} --keypairgen --key-type EC:prime256v1 -a first`, ''],
    [`pkcs11-tool --module ${module} -O`, 'the public key'],
    ['npx cloudhsm-cli interactive', 'users and keys'],
    ['npx hsmlab status', 'zones, HSMs and how they agree'],
    [`npx hsmlab chaos kill-az ${zone}`, 'lose a zone; chaos heal brings it back'],
    ['npx hsmlab replay --verify', 'fold the history again'],
  ]
}

const REMARK_COLUMN = 52

const tryText = ([command, remark]: Try): string => {
  if (remark === '') return `  ${command}`
  return command.length > REMARK_COLUMN
    ? `  ${command}  # ${remark}`
    : `  ${command.padEnd(REMARK_COLUMN)}  # ${remark}`
}

/** What `up` prints when the product is ready: aligned, and meant to be pasted from. */
export const startText = (started: Started): string => {
  const { instance, status, readyMillis, dataDirectory } = started
  const module = p11KitModule()
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
  const tries = next(started, module ?? 'p11-kit-client.so')
    .map(tryText)
    .join('\n')
  return `${title}\n\n${textTable(facts, '  ')}\n\nTry:\n${tries}`
}

/** The same for programs. */
export const startedJson = ({ instance, status: { version, clusters }, readyMillis, dataDirectory }: Started) => ({
  ...instance,
  version,
  dataDirectory,
  readyMillis: Math.round(readyMillis),
  clusters: clusters.map(({ clusterId, state }) => ({ clusterId, state })),
})
