/** The sending half of a connection. */
export interface LocalConnection {
  /** Sends `line` and its end. Resolves when there is room for more, or when the connection has closed. */
  readonly send: (line: string) => Promise<void>
  /** Sends what is under way, then closes. */
  readonly close: () => void
}

/** The receiving half, which whoever owns the socket feeds. */
export interface LocalPeer {
  readonly receive: (chunk: Uint8Array) => void
  /** The other side has gone, or the socket failed. */
  readonly ended: () => void
}
