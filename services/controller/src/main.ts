import { runService } from '@hsmlab/adapter-node/service'
import { startController } from './start-controller.ts'

process.exitCode = await runService('controller', () => startController(process.env))
