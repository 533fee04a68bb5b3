export { engineContract, type EngineUnderTest } from './engine.ts'
export type { Assertions, Test } from './test-face.ts'
export { WYCHEPROOF_CHECKS, wycheproofContract } from './wycheproof.ts'
export type { WycheproofFile } from './wycheproof-file.ts'
