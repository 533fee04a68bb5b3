import type { MechanismParameter } from '@hsmlab/pkcs11'

/** A mechanism as a program passes it. `other`: a parameter that no mechanism of the HSM takes. */
export type CallMechanism = Readonly<{
  type: number
  parameter: MechanismParameter | Readonly<{ _tag: 'other'; fields: ReadonlyArray<number | Uint8Array> }>
}>
