/** What a suite uses of the test runner; ava's `test` is one. Structural, so that this package depends on no runner. */
export type Assertions = Readonly<{
  is: (actual: unknown, expected: unknown, message?: string) => unknown
  deepEqual: (actual: unknown, expected: unknown, message?: string) => unknown
  true: (actual: unknown, message?: string) => unknown
  pass: (message?: string) => unknown
  log: (...values: unknown[]) => void
}>

export type Test = (title: string, run: (t: Assertions) => Promise<void>) => void
