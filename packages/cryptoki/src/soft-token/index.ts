export { type SoftCluster, softCluster, type SoftClusterOptions } from './soft-cluster.ts'
export type { SoftKey } from './soft-key.ts'
