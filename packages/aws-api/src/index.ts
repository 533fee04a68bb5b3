export { awsApi, type AwsApiEnv, BODY_SIZE_MAX } from './aws-api.ts'
export type { AwsError, AwsErrorType } from './aws-error.ts'
export { describeCluster, describeHsm } from './describe-cluster.ts'
export { describeRefusal } from './refusal.ts'
