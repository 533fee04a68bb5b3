export { nobleEngine, type NobleEngineOptions } from './noble-engine.ts'
