export {
  clearUnfinished,
  type Instance,
  type InstanceFailure,
  keepInstance,
  openInstance,
} from './instance/instance-folder.ts'
export type { ReadyMade } from './ready-made/make-ready-made.ts'
export { DEFAULT_ZONES, type Embedded, type EmbeddedOptions, startEmbedded } from './start-embedded.ts'
export { describeStartFailure, type StartFailure } from './start-failure.ts'
export { type ProcessesOptions, startProcesses } from './processes/start-processes.ts'
