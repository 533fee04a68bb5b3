import type { Logger } from '@hsmlab/ports'

export type NatsTls = Readonly<{ caFile?: string; certFile?: string; keyFile?: string }>

export type NatsBusOptions = Readonly<{
  /** `nats://host:port` each. Only these are used, whatever the servers say of each other. */
  servers: ReadonlyArray<string>
  /** Shown in the server's list of connections. */
  name: string
  logger: Logger
  /**
   * Keep published logs in JetStream (default). Without it nothing is published or followed, and the servers need
   * neither JetStream nor proof of durability.
   */
  feed?: boolean
  /** Addresses (`http://host:port`) that show `/varz`; default: port 8222 of each server. */
  monitors?: ReadonlyArray<string>
  /** First word of each subject, and of the stream's name; default `hsmlab`. Buses meet only within one. */
  namespace?: string
  /** A feed over so many bytes refuses what is published; default: as much as the server has room for. */
  feedBytesMax?: number
  /** Given, the connection is encrypted or fails. */
  tls?: NatsTls
  /** The seed (`SU…`) of the user's nkey. */
  nkeySeed?: Uint8Array
  user?: Readonly<{ name: string; password: string }>
  /** How long to wait for a server at start; default 10,000. */
  connectWithinMillis?: number
}>

export const NAMESPACE = 'hsmlab'
export const CONNECT_WITHIN_MILLIS = 10_000

/** With three servers each entry is kept by all of them. */
export const replicasFor = (servers: ReadonlyArray<string>): 1 | 3 => (servers.length >= 3 ? 3 : 1)
