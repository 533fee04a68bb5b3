import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CloudHSMV2Client, type Cluster, DescribeClustersCommand } from '@aws-sdk/client-cloudhsm-v2'
import { startEmbedded } from '@hsmlab/embedded'
import { memoryLogger } from '@hsmlab/ports/memory'
import * as E from 'fp-ts/lib/Either.js'
import { root } from '../support/repository.ts'

const run = promisify(execFile)

export const REGION = 'us-east-1'
const CREDENTIALS = { accessKeyId: '000000000000', secretAccessKey: 'hsmlab' }
const POLL_MILLIS = 20
const PATIENCE_MILLIS = 60_000

/** What a command printed when it failed. */
export type Failed = Readonly<{ stderr: string }>

/** An empty product with its clients: plain `aws`, `openssl`, `cloudhsm-cli`, and AWS's SDK. */
export const startProduct = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hsmlab-aws-api-'))
  const dataDirectory = join(folder, 'data')
  const logger = memoryLogger()
  const started = await startEmbedded({ dataDirectory, port: 0, empty: true, logger, version: 'test' })
  if (E.isLeft(started)) throw new Error(`the product does not start: ${started.left._tag}`)
  const { instance, stop } = started.right
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_DEFAULT_REGION: REGION,
    HSMLAB_DATA: dataDirectory,
  }
  const sdkFor = (accessKeyId: string, region: string): CloudHSMV2Client =>
    new CloudHSMV2Client({ endpoint: instance.endpoint, region, credentials: { ...CREDENTIALS, accessKeyId } })
  const sdk = sdkFor(CREDENTIALS.accessKeyId, REGION)

  const aws =
    (command: string) =>
    async (...parts: ReadonlyArray<string>): Promise<unknown> => {
      const options = ['--endpoint-url', instance.endpoint, '--output', 'json', 'cloudhsmv2']
      const { stdout } = await run(command, [...options, ...parts], { env, cwd: folder })
      return stdout === '' ? undefined : JSON.parse(stdout)
    }
  const openssl = async (...parts: ReadonlyArray<string>): Promise<string> =>
    (await run('openssl', parts, { cwd: folder })).stdout
  const cloudhsmCli = async (...parts: ReadonlyArray<string>): Promise<unknown> => {
    const { stdout } = await run(process.execPath, [join(root, 'packages/cli/bin/cloudhsm-cli.mjs'), ...parts], { env })
    return JSON.parse(stdout)
  }

  const describe = async (clusterId: string): Promise<Cluster> => {
    const { Clusters } = await sdk.send(new DescribeClustersCommand({ Filters: { clusterIds: [clusterId] } }))
    const [cluster] = Clusters ?? []
    if (cluster === undefined) throw new Error(`${clusterId} is not described`)
    return cluster
  }
  /** Polls, as every client of this API has to. */
  const until = async (clusterId: string, holds: (cluster: Cluster) => boolean): Promise<Cluster> => {
    const end = Date.now() + PATIENCE_MILLIS
    for (;;) {
      const cluster = await describe(clusterId)
      if (holds(cluster)) return cluster
      if (Date.now() > end) throw new Error(`${clusterId} stays ${cluster.State}`)
      await new Promise((resolve) => void setTimeout(resolve, POLL_MILLIS))
    }
  }

  const welcome = await (await fetch(instance.endpoint)).text()
  return {
    endpoint: instance.endpoint,
    sdk,
    sdkFor,
    aws,
    openssl,
    cloudhsmCli,
    describe,
    until,
    logger,
    /** As the endpoint itself tells them. */
    subnetIds: [...welcome.matchAll(/subnet-[0-9a-f]{17}/g)].map(([subnetId]) => subnetId),
    write: (name: string, text: string): void => writeFileSync(join(folder, name), text),
    read: (name: string): string => readFileSync(join(folder, name), 'utf8'),
    close: async (): Promise<void> => {
      sdk.destroy()
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type Product = Awaited<ReturnType<typeof startProduct>>

/** A self-signed CA of this name, as the User Guide makes one. */
export const makeCa = async ({ openssl }: Product, name: string): Promise<void> => {
  await openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', `${name}.key`)
  const subject = ['-subj', `/C=US/O=Example/CN=${name}`]
  await openssl('req', '-new', '-x509', '-days', '3652', '-key', `${name}.key`, '-out', `${name}.crt`, ...subject)
}

/** Signs `<request>.csr`. */
export const signRequest = async ({ openssl }: Product, request: string, ca: string, name: string, days = '3652') => {
  const issuer = ['-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, '-CAcreateserial']
  await openssl('x509', '-req', '-days', days, '-in', `${request}.csr`, ...issuer, '-out', `${name}.crt`)
}
