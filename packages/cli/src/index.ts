export { type CliWorld, runCloudhsmCli } from './cloudhsm/main.ts'
export { type ConfigureWorld, runConfigure } from './configure/main.ts'
export { runHsmlab } from './hsmlab/program/run.ts'
export type { HsmlabWorld } from './hsmlab/program/context.ts'
