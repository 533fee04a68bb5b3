export { systemClock } from './clock.ts'
export { pinoLogger, type PinoLoggerOptions } from './logger.ts'
export { opensslEngine, type OpensslEngine, type OpensslEngineOptions } from './openssl/openssl-engine.ts'
export { systemRandom } from './random.ts'
