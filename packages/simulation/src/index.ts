export {
  type DiskFaults,
  type DiskImage,
  type DiskStep,
  type FaultCounts,
  type SeededDisk,
  seededDisk,
  type SeededDiskOptions,
} from './disk/seeded-disk.ts'
export {
  simulate,
  type SimulateOptions,
  type SimulationFailure,
  type SimulationProgress,
  type SimulationReport,
} from './simulate.ts'
