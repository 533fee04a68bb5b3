export { diskContract } from './disk.ts'
export type { Assertions, Test } from './test-face.ts'
