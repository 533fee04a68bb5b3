export { natsBus, type NatsBus } from './nats-bus.ts'
export type { NatsBusOptions, NatsTls } from './options.ts'
export { describeStartFailure, type NatsStartFailure } from './start-failure.ts'
