import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'

/** `cluster-` and 11 to 16 characters of `[2-7a-zA-Z]` (API Reference: Cluster). */
export type ClusterId = string & { readonly ClusterId: unique symbol }
/** `hsm-` and 11 to 16 characters of `[2-7a-zA-Z]` (API Reference: Hsm). */
export type HsmId = string & { readonly HsmId: unique symbol }
/** `backup-` and 11 to 16 characters of `[2-7a-zA-Z]` (API Reference: Backup). */
export type BackupId = string & { readonly BackupId: unique symbol }
/** A Region and a letter: `us-east-1a`. */
export type AvailabilityZone = string & { readonly AvailabilityZone: unique symbol }
/** Lower case, 1 to 31 letters, digits and underscores; CloudHSM compares user names without regard to case. */
export type Username = string & { readonly Username: unique symbol }
/** Made by whoever first sends a command; a retry carries the same one. 1 to 64 characters of `[A-Za-z0-9_-]`. */
export type CommandId = string & { readonly CommandId: unique symbol }
/** A key's number on every HSM of its cluster: (lane << 24) | counter. Public half H, private half H + 1. */
export type KeyHandle = number & { readonly KeyHandle: unique symbol }
/** A hybrid logical clock reading: 13 hex digits of wall microseconds, 4 of counter, `-`, the HSM that stamped. */
export type Stamp = string & { readonly Stamp: unique symbol }

const branded = <A extends string>(
  name: string,
  pattern: RegExp,
  normalize: (text: string) => string = (text) => text,
) =>
  new t.Type<A, string>(
    name,
    (u): u is A => typeof u === 'string' && pattern.test(u),
    (u, context) =>
      typeof u === 'string' && pattern.test(normalize(u)) ? E.right(normalize(u) as A) : t.failure(u, context),
    (a) => a,
  )

export const ClusterIdCodec = branded<ClusterId>('ClusterId', /^cluster-[2-7a-zA-Z]{11,16}$/)
export const HsmIdCodec = branded<HsmId>('HsmId', /^hsm-[2-7a-zA-Z]{11,16}$/)
export const BackupIdCodec = branded<BackupId>('BackupId', /^backup-[2-7a-zA-Z]{11,16}$/)
export const AvailabilityZoneCodec = branded<AvailabilityZone>(
  'AvailabilityZone',
  /^[a-z]{2}(-gov)?-(east|west|north|south|central){1,2}-\d[a-z]$/,
)
export const UsernameCodec = branded<Username>('Username', /^[a-z0-9_]{1,31}$/, (text) => text.toLowerCase())
export const CommandIdCodec = branded<CommandId>('CommandId', /^[A-Za-z0-9_-]{1,64}$/)
export const StampCodec = branded<Stamp>('Stamp', /^[0-9a-f]{17}-hsm-[2-7a-zA-Z]{11,16}$/)

export const KeyHandleCodec = new t.Type<KeyHandle, number>(
  'KeyHandle',
  (u): u is KeyHandle => Number.isSafeInteger(u) && Number(u) > 0,
  (u, context) => (Number.isSafeInteger(u) && Number(u) > 0 ? E.right(u as KeyHandle) : t.failure(u, context)),
  (handle) => handle,
)
