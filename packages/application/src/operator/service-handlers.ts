import * as E from 'fp-ts/lib/Either.js'
import type { Primitives } from '@hsmlab/crypto'
import type { ControllerMethods, LocalHandlers, RackMethods } from '@hsmlab/protocol/local'
import { logHandlers } from './log-handlers.ts'
import type { ControllerHandle, RackHandle } from './parts.ts'

/** The door of an hsm-node that is a process of its own. */
export const rackHandlers = (rack: RackHandle, engine: Pick<Primitives, 'sha256'>): LocalHandlers<RackMethods> => ({
  ...logHandlers(rack, engine),
  describe: async () => E.right({ hsms: await rack.describe() }),
  keyHandles: async ({ hsmId }) => E.right({ handles: await rack.keyHandles(hsmId) }),
  crashHsm: async ({ hsmId }) => E.right({ known: await rack.crashHsm(hsmId) }),
  restartHsm: async ({ hsmId }) => E.right({ known: await rack.restartHsm(hsmId) }),
})

/** The door of a controller that is a process of its own. */
export const controllerHandlers = (
  controller: ControllerHandle,
  engine: Pick<Primitives, 'sha256'>,
  endpoint: string,
): LocalHandlers<ControllerMethods> => ({
  ...logHandlers(controller, engine),
  clusters: async () => E.right({ ...(await controller.clusters()), endpoint }),
})
