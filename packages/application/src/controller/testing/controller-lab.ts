import * as E from 'fp-ts/lib/Either.js'
import type { AvailabilityZone, Cluster, ClusterId, World } from '@hsmlab/domain'
import { invariant } from '@hsmlab/event-sourcing'
import type { CertificateVerifier, Disk, HasBus, HasClock, HasCryptoEngine, HasLogger, HasRandom } from '@hsmlab/ports'
import type { IdentityCertificates } from '@hsmlab/protocol'
import type { Controller } from '../controller.ts'
import { type ControllerPart, type ControllerSettings, DEFAULT_CONTROLLER_SETTINGS } from '../controller-env.ts'
import { openController } from '../open-controller.ts'
import { type ScriptedRack, scriptedRack } from './scripted-rack.ts'

export const LAB_WORLD: World = { account: '000000000000', region: 'us-east-1' }
export const LAB_ZONES = ['us-east-1a', 'us-east-1b', 'us-east-1c'].map((zone) => zone as AvailabilityZone)

/** Certificates as words: `cert` is good with `ca` for every CSR, everything else is a key of another CSR. */
export const scriptedCertificates: CertificateVerifier = {
  verifyChain: (certificate) =>
    certificate === 'cert' ? E.right(undefined) : E.left({ _tag: 'CertificateMalformed', role: 'SignedCert' }),
  verifyClusterCertificate: (certificate) =>
    certificate === 'cert' ? E.right(undefined) : E.left({ _tag: 'CertificateKeyMismatch' }),
  verifySignature: () => true,
  certifiesKey: (certificate) => certificate === 'cert',
}

const scriptedIdentity: IdentityCertificates = {
  clusterCsr: 'csr',
  hsmCertificate: 'hsm',
  awsHardwareCertificate: 'aws',
  manufacturerHardwareCertificate: 'manufacturer',
}

type LabEnv = HasBus & HasClock & HasRandom & HasLogger & HasCryptoEngine & Readonly<{ disk: Disk; vault: Disk }>

export type LabOptions = Readonly<{
  settings?: Partial<ControllerSettings>
  certificates?: CertificateVerifier
  certificatesOf?: () => IdentityCertificates
}>

/** Three zones with scripted racks, and a controller that can be closed and opened again on its log. */
export interface ControllerLab {
  readonly racks: ReadonlyMap<AvailabilityZone, ScriptedRack>
  readonly rack: (zone: AvailabilityZone) => ScriptedRack
  readonly part: ControllerPart
  readonly controller: () => Controller
  readonly open: () => Promise<Controller>
  readonly close: () => Promise<void>
  /** The cluster as it is on the log. */
  readonly cluster: (clusterId: ClusterId) => Cluster
  /** Resolves when `holds`, which is asked again after every change. */
  readonly until: (holds: () => boolean) => Promise<void>
}

export const controllerLab = async (base: LabEnv, options: LabOptions = {}): Promise<ControllerLab> => {
  const { engine } = base
  const env = { ...base, certificates: options.certificates ?? scriptedCertificates }
  const controllerKey = engine.x25519.generate()
  const rackKeys = new Map(LAB_ZONES.map((zone) => [zone, engine.x25519.generate()] as const))
  const racks = new Map(
    [...rackKeys].map(([availabilityZone, rackKey]) => [
      availabilityZone,
      scriptedRack(env, {
        availabilityZone,
        rackKey,
        controllerKey: controllerKey.publicKey,
        certificatesOf: options.certificatesOf ?? (() => scriptedIdentity),
      }),
    ]),
  )
  const part: ControllerPart = {
    signingKey: engine.ed25519.generate(),
    controllerKey,
    racks: new Map([...rackKeys].map(([zone, { publicKey }]) => [zone, publicKey] as const)),
    logMacKey: env.random.bytes(32),
    create: true,
    settings: { ...DEFAULT_CONTROLLER_SETTINGS, ...options.settings },
  }
  let current: Controller | undefined

  const open = async (): Promise<Controller> => {
    const opened = await openController(env, part)()
    invariant(E.isRight(opened), 'the controller of a lab opens')
    current = opened.right
    return current
  }
  const controller = (): Controller => {
    invariant(current !== undefined, 'the controller is open')
    return current
  }
  await open()

  return {
    racks,
    rack: (zone) => {
      const rack = racks.get(zone)
      invariant(rack !== undefined, 'a lab has a rack in every zone')
      return rack
    },
    part,
    controller,
    open,
    close: async () => {
      await current?.close()
      current = undefined
    },
    cluster: (clusterId) => {
      const cluster = controller().state().plane.clusters[clusterId]
      invariant(cluster !== undefined, 'the cluster is on the log')
      return cluster
    },
    until: (holds) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!holds()) return
          end()
          resolve()
        }
        const end = controller().onChange(check)
        check()
      }),
  }
}
