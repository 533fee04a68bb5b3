import type { Disk, Nvram } from './key-value-store.ts'

/** Where one device lives: its log with the head file, and the cell of its keys. */
export type DeviceHome = Readonly<{ disk: Disk; deviceKey: Nvram }>

/** Where the devices of one rack live, by name. */
export interface DeviceStorage {
  readonly list: () => Promise<ReadonlyArray<string>>
  readonly home: (name: string) => DeviceHome
  /** Takes away all that a device left: for one that is not to be, or not yet. */
  readonly remove: (name: string) => Promise<void>
}
