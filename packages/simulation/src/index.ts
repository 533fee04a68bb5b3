export {
  type DiskFaults,
  type DiskImage,
  type DiskStep,
  type FaultCounts,
  type SeededDisk,
  seededDisk,
  type SeededDiskOptions,
} from './disk/seeded-disk.ts'
