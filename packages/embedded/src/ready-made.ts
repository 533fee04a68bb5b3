import * as E from 'fp-ts/lib/Either.js'
import type { Controller } from '@hsmlab/application'
import { createCustomerCa, signClusterCsr } from '@hsmlab/adapter-node'
import { readFileIfAny, writeSecretFile } from '@hsmlab/adapter-node/local'
import type { Application, ClientResult, ClusterClient } from '@hsmlab/client'
import { type Cluster, type ClusterId, type Username, type World } from '@hsmlab/domain'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import { type Clock, sleep } from '@hsmlab/ports'
import { join } from 'node:path'

/** What the ready-made cluster has, and `hsmlab up` prints. */
export const READY_MADE = {
  region: 'us-east-1',
  account: '000000000000',
  hsmType: 'hsm2m.medium',
  admin: { username: 'admin', password: 'password1' },
  cryptoUser: { username: 'user1', password: 'password1' },
} as const

const WORLD: World = { account: READY_MADE.account, region: READY_MADE.region }

/** Steps of seconds at most, waits in between: a machine under load may take longer. */
const STEP_MILLIS_MAX = 60_000
const POLL_MILLIS = 2

export type ReadyMadeParts = Readonly<{
  clock: Clock
  controller: Controller
  dataDirectory: string
  client: () => Promise<ClusterClient | undefined>
}>

/** The ready-made cluster could not be made; `step` says how far it had come. */
export type ReadyMadeFailure = Readonly<{ _tag: 'ReadyMadeFailed'; step: string; why: string }>

const failed = (step: string, why: string): E.Either<ReadyMadeFailure, never> =>
  E.left({ _tag: 'ReadyMadeFailed', step, why })

type Step<A> = Promise<E.Either<ReadyMadeFailure, A>>

/** Resolves as soon as the cluster is as `wanted`. */
const waitFor = (
  { clock, controller }: ReadyMadeParts,
  clusterId: ClusterId,
  step: string,
  wanted: (cluster: Cluster) => boolean,
): Step<Cluster> =>
  new Promise((resolve) => {
    const settle = (result: E.Either<ReadyMadeFailure, Cluster>): void => {
      end()
      cancel()
      resolve(result)
    }
    const look = (): void => {
      const cluster = controller.clusters(WORLD).find((each) => each.clusterId === clusterId)
      if (cluster !== undefined && wanted(cluster)) settle(E.right(cluster))
    }
    const end = controller.onChange(look)
    const cancel = clock.after(STEP_MILLIS_MAX, () => settle(failed(step, 'it took too long')))
    look()
  })

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

const initialize = async (parts: ReadyMadeParts, cluster: Cluster): Step<Cluster> => {
  const nowMicros = parts.clock.wallMicros()
  const ca = await customerCa(parts.dataDirectory, nowMicros)
  const csr = cluster.identity?.certificates.clusterCsr
  const signedCert = csr === undefined ? undefined : signClusterCsr(ca, csr, nowMicros)
  if (signedCert === undefined) return failed('initialize the cluster', 'its CSR cannot be signed')
  const { clusterId } = cluster
  const started = await parts.controller.initializeCluster(WORLD, {
    clusterId,
    signedCert,
    trustAnchor: ca.certificate,
  })()
  if (E.isLeft(started)) return failed('initialize the cluster', started.left._tag)
  return waitFor(parts, clusterId, 'initialize the cluster', ({ phase }) => phase === 'INITIALIZED')
}

const connected = async ({ client, clock }: ReadyMadeParts): Step<ClusterClient> => {
  const start = clock.monotonicMillis()
  while (clock.monotonicMillis() - start < STEP_MILLIS_MAX) {
    const found = await client()
    if (found !== undefined) return E.right(found)
    await sleep(clock, POLL_MILLIS)
  }
  return failed('connect to the cluster', 'no HSM answered')
}

const asked = async <A>(step: string, answer: ClientResult<A>): Step<A> => {
  const answered = await answer
  return E.isLeft(answered) ? failed(step, answered.left.message) : answered
}

const makeUsers = async (application: Application): Step<void> => {
  const { admin, cryptoUser } = READY_MADE
  const users = await asked('list users', application.listUsers())
  if (E.isLeft(users)) return users
  if (users.right.some(({ username }) => username === cryptoUser.username)) return E.right(undefined)
  const loggedIn = await asked('log in', application.login('admin', admin.username, utf8Bytes(admin.password)))
  if (E.isLeft(loggedIn)) return loggedIn
  const { username, password } = cryptoUser
  return asked(
    'create the crypto user',
    application.createUser(username as Username, 'crypto-user', utf8Bytes(password)),
  )
}

/** Activates the cluster and makes its users, through the same client that every program uses. */
const activate = async (parts: ReadyMadeParts, { clusterId, phase }: Cluster): Step<Cluster> => {
  const client = await connected(parts)
  if (E.isLeft(client)) return client
  const application = client.right.openApplication('hsmlab', { keyAvailabilityCheck: true })
  try {
    if (phase === 'INITIALIZED') {
      const activated = await asked('activate', application.activate(utf8Bytes(READY_MADE.admin.password)))
      if (E.isLeft(activated)) return activated
    }
    const made = await makeUsers(application)
    if (E.isLeft(made)) return made
  } finally {
    await application.close()
  }
  return waitFor(parts, clusterId, 'activate', (cluster) => cluster.phase === 'ACTIVE')
}

/** One HSM in each zone that has none, one after the other as the controller allows. */
const addHsms = async (parts: ReadyMadeParts, cluster: Cluster): Step<Cluster> => {
  const { clusterId } = cluster
  const isThere = (zone: string): boolean =>
    Object.values(cluster.hsms).some(({ place }) => place.availabilityZone === zone)
  for (const { availabilityZone } of cluster.subnets) {
    if (isThere(availabilityZone)) continue
    const created = await parts.controller.createHsm(WORLD, { clusterId, availabilityZone })()
    if (E.isLeft(created)) return failed(`create an HSM in ${availabilityZone}`, created.left._tag)
  }
  return waitFor(
    parts,
    clusterId,
    'create the HSMs',
    ({ hsms, subnets }) => Object.values(hsms).filter(({ state }) => state === 'ACTIVE').length >= subnets.length,
  )
}

const firstHsm = async (parts: ReadyMadeParts, cluster: Cluster): Step<Cluster> => {
  const { clusterId } = cluster
  const zone = cluster.subnets[0]?.availabilityZone
  if (zone === undefined) return failed('create the first HSM', 'there is no subnet')
  if (Object.keys(cluster.hsms).length === 0) {
    const created = await parts.controller.createHsm(WORLD, { clusterId, availabilityZone: zone })()
    if (E.isLeft(created)) return failed('create the first HSM', created.left._tag)
  }
  return waitFor(parts, clusterId, 'create the first HSM', ({ identity }) => identity !== undefined)
}

const existingOrNew = async (parts: ReadyMadeParts): Step<Cluster> => {
  const [existing] = parts.controller.clusters(WORLD)
  if (existing !== undefined) return E.right(existing)
  const subnetIds = parts.controller.vpc(WORLD).subnets.map(({ subnetId }) => subnetId)
  const request = { hsmType: READY_MADE.hsmType, mode: 'FIPS', subnetIds } as const
  const created = await parts.controller.createCluster(WORLD, request)()
  if (E.isLeft(created)) return failed('create the cluster', created.left._tag)
  return waitFor(parts, created.right.clusterId, 'create the cluster', ({ phase }) => phase === 'UNINITIALIZED')
}

/** A cluster is the ready-made one while it is being made: its first steps are the ones taken here. */
const isUnderWay = async ({ dataDirectory }: ReadyMadeParts): Promise<boolean> =>
  (await readFileIfAny(join(dataDirectory, 'ready-made'))) === 'begun\n'

/**
 * Makes the ready-made cluster by the very steps that a customer takes: API, openssl, activation, users. Each step looks
 * at what is there, so a start that was cut short is taken up where it stopped; once made, nothing is made again.
 */
export const makeReadyMade = async (parts: ReadyMadeParts): Step<Cluster | undefined> => {
  const marker = join(parts.dataDirectory, 'ready-made')
  if (parts.controller.clusters(WORLD).length > 0 && !(await isUnderWay(parts))) return E.right(undefined)
  if ((await readFileIfAny(marker)) === 'made\n') return E.right(undefined)
  await writeSecretFile(marker, 'begun\n')

  let step = await existingOrNew(parts)
  if (E.isRight(step) && step.right.phase === 'UNINITIALIZED') step = await firstHsm(parts, step.right)
  if (E.isRight(step) && step.right.phase === 'UNINITIALIZED') step = await initialize(parts, step.right)
  if (E.isRight(step)) step = await activate(parts, step.right)
  if (E.isRight(step)) step = await addHsms(parts, step.right)
  if (E.isRight(step)) await writeSecretFile(marker, 'made\n')
  return step
}
