import { runService } from '@hsmlab/adapter-node/service'
import { startAuditSinkService } from './start-audit-sink.ts'

process.exitCode = await runService('audit-sink', () => startAuditSinkService(process.env))
