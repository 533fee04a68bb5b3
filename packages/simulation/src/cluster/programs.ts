import type { Program } from './proxy.ts'

export const PASSWORD = 'password1'

/** Two programs of one crypto user share the proxy; the third is the administrator's tool. */
export const PROGRAMS = [
  { name: 'app-1', role: 'crypto-user', username: 'user1', password: PASSWORD },
  { name: 'app-2', role: 'crypto-user', username: 'user1', password: PASSWORD },
  { name: 'admin', role: 'admin', username: 'admin', password: PASSWORD },
] as const satisfies ReadonlyArray<Omit<Program, 'keyAvailabilityCheck'>>
export type ProgramName = (typeof PROGRAMS)[number]['name']
