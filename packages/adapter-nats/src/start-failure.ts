import { type Tagged } from '@hsmlab/event-sourcing'

/** Why the bus does not start. */
export type NatsStartFailure =
  | Tagged<'NatsUnreachable', { servers: ReadonlyArray<string>; cause: unknown }>
  | Tagged<'NatsRefused', { servers: ReadonlyArray<string>; cause: unknown }>
  | Tagged<'NatsTooOld', { server: string; version: string }>
  | Tagged<'NatsMessagesTooSmall', { server: string; bytes: number }>
  | Tagged<'JetStreamMissing', { server: string }>
  | Tagged<'JetStreamNotSynced', { server: string; monitor: string }>
  | Tagged<'JetStreamUnproven', { server: string; monitors: ReadonlyArray<string>; cause: unknown }>
  | Tagged<'FeedMisconfigured', { stream: string; setting: string; found: string; wanted: string }>
  | Tagged<'FeedNotMade', { stream: string; cause: unknown }>

const because = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** What to tell whoever started it: what is wrong, and what to do. */
export const describeStartFailure = (failure: NatsStartFailure): string => {
  switch (failure._tag) {
    case 'NatsUnreachable':
      return `No NATS server answers at ${failure.servers.join(', ')} (${because(failure.cause)}). Start one, or correct the address.`
    case 'NatsRefused':
      return `The NATS server at ${failure.servers.join(', ')} refuses the connection (${because(failure.cause)}). Check user, nkey and TLS.`
    case 'NatsTooOld':
      return `The NATS server at ${failure.server} is version ${failure.version}: 2.10.23 or newer is needed, because older ones lose acknowledged messages.`
    case 'NatsMessagesTooSmall':
      return `The NATS server at ${failure.server} takes messages of ${failure.bytes} bytes at most. Set max_payload to 1MB (its default).`
    case 'JetStreamMissing':
      return `The NATS server at ${failure.server} runs without JetStream. Add to its configuration: jetstream { store_dir: "…", sync_interval: always }`
    case 'JetStreamNotSynced':
      return `The NATS server at ${failure.monitor} acknowledges messages before they are on its disk. Set in its configuration: jetstream { sync_interval: always }`
    case 'JetStreamUnproven':
      return `Nothing proves that the NATS server at ${failure.server} has its messages on the disk before it acknowledges them: its /varz page is not at ${failure.monitors.join(', ')} (${because(failure.cause)}). Set http_port: 8222 in its configuration, or say where its monitoring address is.`
    case 'FeedMisconfigured':
      return `The JetStream stream ${failure.stream} was made otherwise than hsmlab needs it: ${failure.setting} is ${failure.found}, not ${failure.wanted}. Change it with the nats tool, or remove the stream (it holds copies only).`
    case 'FeedNotMade':
      return `The JetStream stream ${failure.stream} cannot be made (${because(failure.cause)}).`
  }
}
