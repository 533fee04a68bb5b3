/** Lets through one task of a name at a time, in the order in which they came. */
export const turnstile = () => {
  const last = new Map<string, Promise<unknown>>()
  return async <A>(name: string, task: () => Promise<A>): Promise<A> => {
    const before = last.get(name) ?? Promise.resolve()
    const mine = before.then(task, task)
    last.set(name, mine)
    try {
      return await mine
    } finally {
      if (last.get(name) === mine) last.delete(name)
    }
  }
}
