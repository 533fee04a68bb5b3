import type { LocalConnection, LocalPeer } from '../../src/local/index.ts'

/** Two ends of one connection, without a socket: what one sends the other receives in the next microtask, in order. */
export const connectionPair = (): Readonly<{
  near: LocalConnection
  far: LocalConnection
  attach: (nearPeer: LocalPeer, farPeer: LocalPeer) => void
  /** Bytes from the near side that are no line of ours. */
  inject: (chunk: Uint8Array) => void
  farClosed: () => boolean
}> => {
  let nearPeer: LocalPeer | undefined
  let farPeer: LocalPeer | undefined
  let closed = false
  let farClosed = false
  const encoder = new TextEncoder()
  const end = (peer: () => LocalPeer | undefined) => (): void => {
    if (closed) return
    closed = true
    void Promise.resolve().then(() => peer()?.ended())
  }
  const sendTo = (peer: () => LocalPeer | undefined) => async (line: string) => {
    await Promise.resolve()
    if (!closed) peer()?.receive(encoder.encode(`${line}\n`))
  }
  return {
    near: { send: sendTo(() => farPeer), close: end(() => farPeer) },
    far: {
      send: sendTo(() => nearPeer),
      close: () => {
        farClosed = true
        end(() => nearPeer)()
      },
    },
    attach: (near, far) => {
      nearPeer = near
      farPeer = far
    },
    inject: (chunk) => farPeer?.receive(chunk),
    farClosed: () => farClosed,
  }
}
