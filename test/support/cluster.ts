import { CloudHSMV2Client, CreateHsmCommand, DeleteHsmCommand } from '@aws-sdk/client-cloudhsm-v2'
import type { ExecutionContext } from 'ava'
import type { HsmStatus } from '@hsmlab/protocol/local'
import { until } from './patience.ts'
import { type Home, type Running, USER1, type Words } from './product.ts'
import type { Signer } from './signers.ts'

/** The HSMs of the ready-made cluster as `hsmlab status` shows them. */
export const hsmsOf = async (home: Home): Promise<ReadonlyArray<HsmStatus>> =>
  (await home.status()).clusters[0]?.hsms ?? []

/** Milliseconds until `status` shows the same digest over the keys on so many HSMs, all of them ACTIVE. */
export const agreement = async (home: Home, count: number): Promise<number> => {
  const begin = performance.now()
  await until(
    () => hsmsOf(home),
    (hsms) =>
      hsms.filter(({ digest, state }) => digest !== undefined && state === 'ACTIVE').length === count &&
      new Set(hsms.map(({ digest }) => digest)).size === 1,
  )
  return performance.now() - begin
}

/** Resolves when each has tried so many times more. */
export const moreSignatures = async (signers: ReadonlyArray<Signer>, more: number): Promise<void> => {
  const before = signers.map((signer) => signer.count())
  await until(
    async () => signers.map((signer) => signer.count() + signer.failures().length),
    (counts) => counts.every((count, i) => count >= (before[i] ?? 0) + more),
  )
}

export const noneFailed = (t: ExecutionContext, signers: ReadonlyArray<Signer>, when: string): void => {
  for (const signer of signers) t.deepEqual(signer.failures(), [], `${signer.name}, ${when}`)
}

/** `hsmlab …`, and it must succeed. */
export const succeeds = async (t: ExecutionContext, { hsmlab }: Home, ...words: Words): Promise<void> => {
  const { status, text } = await hsmlab(...words)
  t.is(status, 0, text)
}

/** Makes an AES token key of user1 with `cloudhsm-cli`. */
export const makeKey = async (t: ExecutionContext, { cloudhsmCli }: Home, label: string): Promise<void> => {
  const words = ['key', 'generate-symmetric', 'aes', '--label', label, '--key-length-bytes', '32']
  const made = await cloudhsmCli(USER1, ...words)
  t.is(made.status, 0, made.text)
}

/** Deletes an HSM through the AWS endpoint, as AWS's SDK does, and makes another in its zone; resolves when all agree. */
export const replaceHsm = async (
  t: ExecutionContext,
  product: Home & Pick<Running, 'ready'>,
  hsm: HsmStatus | undefined,
): Promise<void> => {
  const credentials = { accessKeyId: '000000000000', secretAccessKey: 'anything' }
  const aws = new CloudHSMV2Client({ endpoint: product.ready.endpoint, region: 'us-east-1', credentials })
  t.teardown(() => aws.destroy())
  const ClusterId = product.ready.clusters[0]?.clusterId ?? ''
  const count = (await hsmsOf(product)).length
  await aws.send(new DeleteHsmCommand({ ClusterId, HsmId: hsm?.hsmId ?? '' }))
  await until(
    () => hsmsOf(product),
    (hsms) => hsms.length === count - 1,
  )
  await aws.send(new CreateHsmCommand({ ClusterId, AvailabilityZone: hsm?.availabilityZone ?? '' }))
  await agreement(product, count)
}
