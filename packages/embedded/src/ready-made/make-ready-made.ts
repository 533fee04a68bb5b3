import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { createCustomerCa, signClusterCsr } from '@hsmlab/adapter-node'
import { connectToUnixSocket, readFileIfAny, writeSecretFile } from '@hsmlab/adapter-node/local'
import { type AvailabilityZone, defaultVpc, type Username } from '@hsmlab/domain'
import { toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { type Clock, sleep, type Unsubscribe } from '@hsmlab/ports'
import { CLIENT_METHODS, type ClientMethods, type LocalClient, localClient } from '@hsmlab/protocol/local'
import { type AwsApiClient, awsApiClient, type DescribedCluster } from './aws-api-client.ts'
import { READY_MADE } from './facts.ts'

/** A machine under load may take longer than the milliseconds that a step takes otherwise. */
const STEP_MILLIS_MAX = 60_000
const POLL_MILLIS = 10
/** With somebody who tells of changes, nobody needs to look so often. */
const TOLD_POLL_MILLIS = 100

export type ReadyMadeParts = Readonly<{
  clock: Clock
  dataDirectory: string
  endpoint: string
  clientSocket: string
  zones: ReadonlyArray<AvailabilityZone>
  /** Tells when a cluster may look otherwise than before; without it, the endpoint is asked again and again. */
  onChange?: (listener: () => void) => Unsubscribe
}>

/** The ready-made cluster could not be made; `step` says how far it had come. */
export type ReadyMadeFailure = Readonly<{ _tag: 'ReadyMadeFailed'; step: string; why: string }>

/** `isNew`: this start made it. */
export type ReadyMade = Readonly<{ clusterId: string; isNew: boolean }>

type Step<A> = Promise<E.Either<ReadyMadeFailure, A>>
type Working = ReadyMadeParts & Readonly<{ api: AwsApiClient }>

const failed = (step: string, why: string): E.Either<ReadyMadeFailure, never> =>
  E.left({ _tag: 'ReadyMadeFailed', step, why })

const taken = async <A>(step: string, answer: Promise<E.Either<string, A>>): Step<A> => {
  const answered = await answer
  return E.isLeft(answered) ? failed(step, answered.left) : answered
}

/** Resolves at the next change from now on, or after a while. */
const nextChange = ({ clock, onChange }: ReadyMadeParts): Promise<void> =>
  new Promise((resolve) => {
    const settle = (): void => {
      cancel()
      end?.()
      resolve()
    }
    const end = onChange?.(settle)
    const cancel = clock.after(onChange === undefined ? POLL_MILLIS : TOLD_POLL_MILLIS, settle)
  })

/** Resolves as soon as the cluster is as `wanted`. */
const waitFor = async (
  working: Working,
  clusterId: string,
  step: string,
  wanted: (cluster: DescribedCluster) => boolean,
): Step<DescribedCluster> => {
  const { api, clock } = working
  const start = clock.monotonicMillis()
  while (clock.monotonicMillis() - start < STEP_MILLIS_MAX) {
    const changed = nextChange(working)
    const described = await taken(step, api.describeClusters())
    if (E.isLeft(described)) return described
    const cluster = described.right.find(({ ClusterId }) => ClusterId === clusterId)
    if (cluster !== undefined && wanted(cluster)) return E.right(cluster)
    await changed
  }
  return failed(step, 'it took too long')
}

/** The CA of the ready-made cluster; kept, so that a start that was cut short can go on. */
const customerCa = async (dataDirectory: string, nowMicros: number) => {
  const paths = {
    certificate: join(dataDirectory, 'customerCA.crt'),
    privateKey: join(dataDirectory, 'customerCA.key'),
  }
  const certificate = await readFileIfAny(paths.certificate)
  const privateKey = await readFileIfAny(paths.privateKey)
  if (certificate !== undefined && privateKey !== undefined) return { certificate, privateKey }
  const made = createCustomerCa(nowMicros)
  await writeSecretFile(paths.privateKey, made.privateKey)
  await writeSecretFile(paths.certificate, made.certificate)
  return made
}

const existingOrNew = async (parts: Working): Step<DescribedCluster> => {
  const step = 'create the cluster'
  const described = await taken(step, parts.api.describeClusters())
  if (E.isLeft(described)) return described
  const existing = described.right.find(({ State }) => State !== 'DELETED')
  if (existing !== undefined) return E.right(existing)
  const world = { account: READY_MADE.account, region: READY_MADE.region }
  const { subnets } = defaultVpc(world, parts.zones)
  const created = await taken(step, parts.api.createCluster(subnets.map(({ subnetId }) => subnetId)))
  return E.isLeft(created) ? created : waitFor(parts, created.right, step, ({ State }) => State === 'UNINITIALIZED')
}

const firstHsm = async (parts: Working, { ClusterId, Hsms }: DescribedCluster): Step<DescribedCluster> => {
  const step = 'create the first HSM'
  const [zone] = parts.zones
  if (Hsms.length === 0 && zone !== undefined) {
    const created = await taken(step, parts.api.createHsm(ClusterId, zone))
    if (E.isLeft(created)) return created
  }
  return waitFor(parts, ClusterId, step, ({ Certificates }) => Certificates.ClusterCsr !== undefined)
}

const initialize = async (parts: Working, { ClusterId, Certificates }: DescribedCluster): Step<DescribedCluster> => {
  const step = 'initialize the cluster'
  const nowMicros = parts.clock.wallMicros()
  const ca = await customerCa(parts.dataDirectory, nowMicros)
  const signedCert = signClusterCsr(ca, Certificates.ClusterCsr ?? '', nowMicros)
  if (signedCert === undefined) return failed(step, 'its CSR cannot be signed')
  const started = await taken(step, parts.api.initializeCluster(ClusterId, signedCert, ca.certificate))
  return E.isLeft(started) ? started : waitFor(parts, ClusterId, step, ({ State }) => State === 'INITIALIZED')
}

type Tool = Pick<LocalClient<ClientMethods>, 'call'>

const asked = async <A>(step: string, answer: Promise<E.Either<Readonly<{ message: string }>, A>>): Step<A> => {
  const answered = await answer
  return E.isLeft(answered) ? failed(step, answered.left.message) : answered
}

const password = (text: string) => toBase64(utf8Bytes(text))

const makeCryptoUser = async ({ call }: Tool): Step<unknown> => {
  const step = 'create the crypto user'
  const { admin, cryptoUser } = READY_MADE
  const users = await asked(step, call('listUsers', {}))
  if (E.isLeft(users) || users.right.users.some(({ username }) => username === cryptoUser.username)) return users
  const adminLogin = {
    username: admin.username as Username,
    role: 'admin',
    password: password(admin.password),
  } as const
  const loggedIn = await asked(step, call('login', adminLogin))
  if (E.isLeft(loggedIn)) return loggedIn
  const user = { username: cryptoUser.username as Username, password: password(cryptoUser.password) }
  return asked(step, call('createUser', { ...user, role: 'crypto-user' }))
}

/** Activates the cluster and makes its users, through the door of `cloudhsm-cli`. */
const activate = async (parts: Working, { ClusterId, State }: DescribedCluster): Step<DescribedCluster> => {
  const step = 'activate the cluster'
  const connected = await connectToUnixSocket(parts.clientSocket, (connection) =>
    localClient(CLIENT_METHODS, connection),
  )()
  if (E.isLeft(connected)) return failed(step, connected.left._tag)
  const tool = connected.right
  try {
    // The CA that clients trust is written down a moment after the cluster is initialized.
    const known = await waitForCluster(parts, tool)
    if (!known) return failed(step, 'no HSM answered')
    if (State === 'INITIALIZED') {
      const activated = await asked(step, tool.call('activate', { password: password(READY_MADE.admin.password) }))
      if (E.isLeft(activated)) return activated
    }
    const made = await makeCryptoUser(tool)
    if (E.isLeft(made)) return made
  } finally {
    tool.close()
  }
  return waitFor(parts, ClusterId, step, (cluster) => cluster.State !== 'INITIALIZED')
}

const waitForCluster = async ({ clock }: Working, { call }: Tool): Promise<boolean> => {
  const start = clock.monotonicMillis()
  while (clock.monotonicMillis() - start < STEP_MILLIS_MAX) {
    const clusters = await call('clusters', {})
    if (E.isRight(clusters) && clusters.right.clusterIds.length > 0) return true
    await sleep(clock, POLL_MILLIS)
  }
  return false
}

/** One HSM in each zone that has none. */
const addHsms = async (parts: Working, { ClusterId, Hsms }: DescribedCluster): Step<DescribedCluster> => {
  const step = 'create the other HSMs'
  for (const zone of parts.zones) {
    if (Hsms.some(({ AvailabilityZone }) => AvailabilityZone === zone)) continue
    const created = await taken(step, parts.api.createHsm(ClusterId, zone))
    if (E.isLeft(created)) return created
  }
  const isActive = ({ State }: Readonly<{ State?: string }>): boolean => State === 'ACTIVE'
  return waitFor(parts, ClusterId, step, (cluster) => cluster.Hsms.filter(isActive).length >= parts.zones.length)
}

/**
 * Makes the ready-made cluster by the very steps that a customer takes: AWS API, a CA, activation, users. Each step
 * looks at what is there, so a start that was cut short is taken up where it stopped; once made, nothing is made again.
 * `undefined`: this instance has clusters that somebody else made.
 */
export const makeReadyMade = async (parts: ReadyMadeParts): Step<ReadyMade | undefined> => {
  const working: Working = { ...parts, api: awsApiClient(parts.endpoint) }
  const marker = join(parts.dataDirectory, 'ready-made')
  const before = await readFileIfAny(marker)
  const clusters = await taken('look at the clusters', working.api.describeClusters())
  if (E.isLeft(clusters)) return clusters
  const [existing] = clusters.right
  if (before?.startsWith('made ') === true) return E.right({ clusterId: before.slice(5).trim(), isNew: false })
  if (existing !== undefined && before === undefined) return E.right(undefined)
  await writeSecretFile(marker, 'begun\n')

  let step = await existingOrNew(working)
  const isUninitialized = (): boolean => E.isRight(step) && step.right.State === 'UNINITIALIZED'
  if (E.isRight(step) && isUninitialized()) step = await firstHsm(working, step.right)
  if (E.isRight(step) && isUninitialized()) step = await initialize(working, step.right)
  if (E.isRight(step)) step = await activate(working, step.right)
  if (E.isRight(step)) step = await addHsms(working, step.right)
  if (E.isLeft(step)) return step
  await writeSecretFile(marker, `made ${step.right.ClusterId}\n`)
  return E.right({ clusterId: step.right.ClusterId, isNew: true })
}
