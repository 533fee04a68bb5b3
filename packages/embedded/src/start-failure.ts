import { type AuditSinkOpenFailure, type ControllerOpenFailure, describeOpenFailure } from '@hsmlab/application'
import type { RootsUnavailable } from '@hsmlab/adapter-node'
import type { ListenFailure, PidFileHeld } from '@hsmlab/adapter-node/local'
import type { Tagged } from '@hsmlab/event-sourcing'
import type { InstanceFailure } from './instance/instance-folder.ts'
import type { ReadyMadeFailure } from './ready-made/make-ready-made.ts'

/** Why the product did not start. */
export type StartFailure =
  | PidFileHeld
  | InstanceFailure
  | RootsUnavailable
  | ReadyMadeFailure
  | Tagged<'ControllerFailed', { cause: ControllerOpenFailure }>
  | AuditSinkOpenFailure
  | Tagged<'EndpointUnavailable', { port: number; cause: unknown }>
  /** A service of the distributed product did not start; what it said. */
  | Tagged<'ServiceFailed', { complaint: string }>
  | Tagged<'SocketFailed', { path: string; cause: ListenFailure }>

const describeController = (cause: ControllerOpenFailure): string => {
  switch (cause._tag) {
    case 'FactUnreadable':
      return `Record ${cause.position} of the controller's log cannot be read: it may be of a newer version.`
    case 'VaultUnavailable':
      return 'The backups of the controller cannot be opened.'
    default:
      return describeOpenFailure(cause, 'controller')
  }
}

const codeOf = (cause: unknown): string => {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? code : 'unknown error'
}

const describeEndpoint = (port: number, cause: unknown): string => {
  const inner = typeof cause === 'object' && cause !== null && 'cause' in cause ? cause.cause : cause
  return codeOf(inner) === 'EADDRINUSE'
    ? `Port ${port} on 127.0.0.1 is in use. Choose another one with --port, or --port 0 for any.`
    : `Port ${port} on 127.0.0.1 cannot be listened on (${codeOf(inner)}).`
}

/** One or two sentences for whoever started the product: what is wrong, and what to do. */
export const describeStartFailure = (failure: StartFailure, dataDirectory: string): string => {
  switch (failure._tag) {
    case 'PidFileHeld':
      return `The data folder ${dataDirectory} is held by process ${failure.pid}. Stop it with: npx hsmlab down`
    case 'InstanceKeysMissing':
      return `The keys of this instance are missing (${failure.path}), and its HSMs are not: nothing was started.`
    case 'InstanceKeysDamaged':
      return `The keys of this instance cannot be read (${failure.path}).`
    case 'FolderUnavailable':
      return `The data folder ${failure.path} cannot be used (${codeOf(failure.cause)}).`
    case 'RootsUnavailable':
      return `The hardware roots in ${failure.folder} cannot be used (${codeOf(failure.cause)}).`
    case 'ReadyMadeFailed':
      return `The ready-made cluster could not be made: ${failure.step}: ${failure.why}`
    case 'ControllerFailed':
      return describeController(failure.cause)
    case 'AuditLogFailed':
      return describeOpenFailure(failure.cause, 'the audit sink')
    case 'AuditLogUnreadable':
      return `The audit log cannot be read (${failure.cause._tag}).`
    case 'EndpointUnavailable':
      return describeEndpoint(failure.port, failure.cause)
    case 'ServiceFailed':
      return failure.complaint
    case 'SocketFailed':
      return failure.cause._tag === 'SocketInUse'
        ? `Somebody else listens on ${failure.path}.`
        : `The socket ${failure.path} cannot be made (${codeOf(failure.cause.cause)}).`
  }
}
