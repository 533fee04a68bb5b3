export { findNatsServer } from './find-nats-server.ts'
export { startNatsCluster } from './nats-cluster.ts'
export { type NatsServer, type NatsServerOptions, startNatsServer } from './nats-server.ts'
