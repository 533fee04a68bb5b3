export { nobleEngine, type NobleEngineOptions } from './noble-engine.ts'
export { RSA_FIXTURES } from './rsa-fixtures.ts'
