/** What a suite uses of the test runner; ava's `test` is one. Structural, so that the ports depend on no runner. */
export type Assertions = Readonly<{
  is: (actual: unknown, expected: unknown, message?: string) => unknown
  not: (actual: unknown, expected: unknown, message?: string) => unknown
  deepEqual: (actual: unknown, expected: unknown, message?: string) => unknown
  true: (actual: unknown, message?: string) => unknown
  false: (actual: unknown, message?: string) => unknown
  pass: (message?: string) => unknown
  teardown: (undo: () => Promise<void>) => void
}>

export type Test = (title: string, run: (t: Assertions) => Promise<void>) => void
