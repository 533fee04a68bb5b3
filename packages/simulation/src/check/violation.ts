/** A promise that was not kept: P1 to P4, P6 and P7 of the design, or `liveness`, and in which way. */
export type Violation = Readonly<{
  promise: 'P1' | 'P2' | 'P3' | 'P4' | 'P6' | 'P7' | 'liveness'
  what: string
}>
