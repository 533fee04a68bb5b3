/** One connection of a stream socket, as the one who serves it sees it. */
export interface ByteConnection {
  /** Sends in order; what is sent in one turn of the event loop leaves together. After `close` it does nothing. */
  readonly send: (bytes: Uint8Array) => void
  /** Sends what is queued, then closes. */
  readonly close: () => void
  /** Nothing more is received until `resume`. */
  readonly pause: () => void
  readonly resume: () => void
}

/** What the server of a connection does with it. */
export interface ByteReceiver {
  /** The chunk belongs to the receiver, and is no subclass of Uint8Array. Where the peer's chunks end says nothing. */
  readonly receive: (chunk: Uint8Array) => void
  /** The connection is gone, whoever ended it. Called once. */
  readonly closed: () => void
}

/** Called for each new connection. */
export type ByteServer = (connection: ByteConnection) => ByteReceiver
