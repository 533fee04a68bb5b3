import * as t from 'io-ts'
import { Base64Codec } from '@hsmlab/event-sourcing'
import { AvailabilityZoneCodec } from '@hsmlab/domain'

const KeyPair = t.strict({ privateKey: Base64Codec, publicKey: Base64Codec })

/**
 * What each service of one product instance has to know and nobody else: written once, when the instance is made, one
 * file a service. Signing keys are Ed25519, channel keys X25519, all raw.
 */
export const ControllerKeys = t.strict({
  signingKey: KeyPair,
  channelKey: KeyPair,
  racks: t.readonlyArray(t.strict({ availabilityZone: AvailabilityZoneCodec, publicKey: Base64Codec })),
  logMacKey: Base64Codec,
})
export type ControllerKeys = t.TypeOf<typeof ControllerKeys>

export const RackKeys = t.strict({
  availabilityZone: AvailabilityZoneCodec,
  channelKey: KeyPair,
  controllerPublicKey: Base64Codec,
  manufacturerKey: Base64Codec,
  awsKey: Base64Codec,
})
export type RackKeys = t.TypeOf<typeof RackKeys>

export const AuditSinkKeys = t.strict({ logMacKey: Base64Codec, controllerSigningKey: Base64Codec })
export type AuditSinkKeys = t.TypeOf<typeof AuditSinkKeys>

export const ClientProxyKeys = t.strict({ controllerSigningKey: Base64Codec })
export type ClientProxyKeys = t.TypeOf<typeof ClientProxyKeys>
