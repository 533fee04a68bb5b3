export { CALLS, type CallName, type RequestOf, type ResponseOf } from './calls.ts'
export { createP11KitClient, type P11KitClient } from './client.ts'
export type { Generation } from './dialect.ts'
export { servePkcs11 } from './serve.ts'
