import type { Primitives } from '@hsmlab/crypto'
import type { AvailabilityZone } from '@hsmlab/domain'
import { type Base64, toBase64 } from '@hsmlab/event-sourcing'
import type { Random } from '@hsmlab/ports'
import type { AuditSinkKeys, ClientProxyKeys, ControllerKeys, RackKeys } from '@hsmlab/protocol/local'

const KEY_SIZE = 32

export type InstanceKeys = Readonly<{
  controller: ControllerKeys
  racks: ReadonlyArray<RackKeys>
  auditSink: AuditSinkKeys
  clientProxy: ClientProxyKeys
}>

type RawKeyPair = Readonly<{ privateKey: Uint8Array; publicKey: Uint8Array }>

const textOf = ({ privateKey, publicKey }: RawKeyPair): Readonly<{ privateKey: Base64; publicKey: Base64 }> => ({
  privateKey: toBase64(privateKey),
  publicKey: toBase64(publicKey),
})

/** The keys by which the services of a new instance know each other: who signs, who may command, who may restore. */
export const makeInstanceKeys = (
  { ed25519, x25519 }: Pick<Primitives, 'ed25519' | 'x25519'>,
  random: Random,
  zones: ReadonlyArray<AvailabilityZone>,
): InstanceKeys => {
  const secret = (): Base64 => toBase64(random.bytes(KEY_SIZE))
  const signingKey = textOf(ed25519.generate())
  const channelKey = textOf(x25519.generate())
  const authorities = { manufacturerKey: secret(), awsKey: secret() }
  const racks = zones.map((availabilityZone) => ({
    availabilityZone,
    channelKey: textOf(x25519.generate()),
    controllerPublicKey: channelKey.publicKey,
    ...authorities,
  }))
  return {
    controller: {
      signingKey,
      channelKey,
      racks: racks.map((rack) => ({
        availabilityZone: rack.availabilityZone,
        publicKey: rack.channelKey.publicKey,
      })),
      logMacKey: secret(),
    },
    racks,
    auditSink: { logMacKey: secret(), controllerSigningKey: signingKey.publicKey },
    clientProxy: { controllerSigningKey: signingKey.publicKey },
  }
}
