export { memoryDisk } from './memory-disk.ts'
export { compareBytes, type OrderedBytes, orderedBytes } from './ordered-bytes.ts'
