/** Resolves in the next turn of the event loop, when every promise that could be settled has been. */
export const eventLoopTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
