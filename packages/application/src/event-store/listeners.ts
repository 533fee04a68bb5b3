import type { Unsubscribe } from '@hsmlab/ports'

/** Listeners that can be told apart even when they are the same function. */
export const listenersOf = <Value>() => {
  const listeners = new Map<symbol, (value: Value) => void>()
  return {
    add: (listener: (value: Value) => void): Unsubscribe => {
      const key = Symbol('listener')
      listeners.set(key, listener)
      return () => void listeners.delete(key)
    },
    tell: (value: Value): void => {
      for (const listener of listeners.values()) listener(value)
    },
  }
}
