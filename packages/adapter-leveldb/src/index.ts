export { CELL_BYTES_MAX } from './head-file.ts'
export { freeBytes, levelDisk } from './level-disk.ts'
export { levelStorage } from './level-storage.ts'
