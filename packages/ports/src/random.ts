/** A cryptographically secure generator; in the simulation a seeded one. */
export interface Random {
  /** `count` fresh bytes, which the caller owns. */
  readonly bytes: (count: number) => Uint8Array
}

export type HasRandom = Readonly<{ random: Random }>
