/** Guards what must hold of our own code; input is decoded, never asserted. Throws, and thereby ends the process. */
export function invariant(condition: unknown, why: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${why}`)
}
