import * as E from 'fp-ts/lib/Either.js'
import { type Application, type ClusterClient, connectCluster } from '@hsmlab/client'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import type { Role } from '@hsmlab/protocol'
import { CLIENT_ZONE, CLUSTER_ID } from './places.ts'
import { type Process, startProcess } from './process.ts'
import type { World } from './world.ts'

/** A program that uses the cluster, and whose name it uses. */
export type Program = Readonly<{
  name: string
  role: Role
  username: string
  password: string
  keyAvailabilityCheck: boolean
}>

export type ProxyPart = Readonly<{
  /** PEM of the customer's CA. */
  trustAnchor: string
  /** The controller's Ed25519 key, raw. */
  controllerKey: Uint8Array
  programs: ReadonlyArray<Program>
}>

/** The client proxy, which may be killed and started again; its programs log in by themselves. */
export interface Proxy {
  readonly start: () => void
  readonly kill: () => void
  readonly client: () => ClusterClient | undefined
  /** `undefined` while the proxy does not run. */
  readonly application: (program: string) => Application | undefined
  /** Applications that are logged in now. */
  readonly loggedIn: () => number
}

type Running = Readonly<{ process: Process; client: ClusterClient; applications: ReadonlyMap<string, Application> }>

/** Tries until it is logged in: a call fails by itself after 10 s at most. */
const logIn = async (application: Application, program: Program, isWanted: () => boolean): Promise<void> => {
  while (isWanted()) {
    const result = await application.login(program.role, program.username, utf8Bytes(program.password))
    if (E.isRight(result)) return
  }
}

export const newProxy = (world: World, part: ProxyPart): Proxy => {
  let running: Running | undefined
  let incarnation = 0

  const start = (): void => {
    if (running !== undefined) return
    incarnation += 1
    const process = startProcess(world, 'proxy', CLIENT_ZONE, { incarnation, wallShiftMicros: () => 0 })
    const client = connectCluster(
      { ...process, certificates: world.certificates },
      {
        servers: [],
        hsmCaCertificate: part.trustAnchor,
        retryMode: 'standard',
        controllerKey: part.controllerKey,
        clusterId: CLUSTER_ID,
      },
    )
    const applications = new Map(
      part.programs.map((program) => [program.name, client.openApplication(program.name, program)]),
    )
    running = { process, client, applications }
    for (const program of part.programs) {
      const application = applications.get(program.name)
      if (application !== undefined) void logIn(application, program, process.isAlive)
    }
  }

  return {
    start,
    kill: () => {
      running?.process.kill()
      running = undefined
    },
    client: () => running?.client,
    application: (program) => running?.applications.get(program),
    loggedIn: () => [...(running?.applications.values() ?? [])].filter((each) => each.loggedIn() !== undefined).length,
  }
}
