import { runService } from '@hsmlab/adapter-node/service'
import { startClientProxyService } from './start-client-proxy.ts'

process.exitCode = await runService('client-proxy', () => startClientProxyService(process.env))
