import { runService } from '@hsmlab/adapter-node/service'
import { startHsmNode } from './start-hsm-node.ts'

process.exitCode = await runService('hsm-node', () => startHsmNode(process.env))
