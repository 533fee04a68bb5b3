import { servePkcs11 } from '@hsmlab/cryptoki/p11-kit'
import type { ByteReceiver, ByteServer, Logger } from '@hsmlab/ports'
import type { ClientProxy } from './client-proxy.ts'

/**
 * PKCS#11 programs through p11-kit's socket. A program that connects gets the clusters and settings of that moment;
 * what it says before they are known waits.
 */
export const pkcs11Door =
  (proxy: ClientProxy, logger: Logger): ByteServer =>
  (connection) => {
    const waiting: Uint8Array[] = []
    let receiver: ByteReceiver | undefined
    let closed = false

    const open = async (): Promise<void> => {
      const cryptoki = await proxy.cryptoki()
      if (closed) return
      receiver = servePkcs11(() => cryptoki, logger)(connection)
      for (const chunk of waiting.splice(0)) receiver.receive(chunk)
      connection.resume()
    }

    connection.pause()
    open().catch((cause: unknown) => {
      logger.log('error', 'a PKCS#11 program could not be served', { cause: String(cause) })
      connection.close()
    })
    return {
      receive: (chunk) => {
        if (receiver === undefined) waiting.push(chunk.slice())
        else receiver.receive(chunk)
      },
      closed: () => {
        closed = true
        receiver?.closed()
      },
    }
  }
