import { type NatsServer, startNatsServer } from '@hsmlab/adapter-nats/testing'
import type { ExecutionContext } from 'ava'
import { startProduct, type Product, type Words } from './product.ts'
import { requireTool } from './tools.ts'

/** A real server for one test; undefined where none is installed. */
export const startNats = async (t: ExecutionContext, syncInterval = 'always'): Promise<NatsServer | undefined> => {
  const binary = requireTool(t, 'nats-server')
  if (binary === undefined) return undefined
  const server = await startNatsServer({ binary, syncInterval })
  t.teardown(server.stop)
  return server
}

/** Options of `hsmlab up`, as the README gives them, for a server whose ports are not the usual ones. */
export const overNats = ({ url, monitor }: NatsServer): Words => ['--nats', url, '--nats-monitor', monitor]

export type NatsProduct = Product & Readonly<{ server: NatsServer }>

/** A product of its own over a server of its own. */
export const startOverNats = async (t: ExecutionContext, ...words: Words): Promise<NatsProduct | undefined> => {
  const server = await startNats(t)
  return server === undefined ? undefined : { ...(await startProduct(t, ...overNats(server), ...words)), server }
}
