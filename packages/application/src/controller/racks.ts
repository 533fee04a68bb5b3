import * as E from 'fp-ts/lib/Either.js'
import type { AvailabilityZone } from '@hsmlab/domain'
import type { ControlNotification, ControlOperationName, ControlReplyOf, ControlRequestOf } from '@hsmlab/protocol'
import { type ControlClient, controlClient, type ControlFailure } from '../control-channel/control-client.ts'
import type { ControllerEnv, ControllerPart } from './controller-env.ts'

/** The racks of all zones, each behind its channel. */
export interface Racks {
  readonly zones: ReadonlyArray<AvailabilityZone>
  readonly ask: <Name extends ControlOperationName>(
    zone: AvailabilityZone,
    name: Name,
    request: ControlRequestOf<Name>,
  ) => Promise<E.Either<ControlFailure, ControlReplyOf<Name>>>
  readonly close: () => void
}

export const connectRacks = (
  env: ControllerEnv,
  { racks, controllerKey, settings }: Pick<ControllerPart, 'racks' | 'controllerKey' | 'settings'>,
  onNotification: (zone: AvailabilityZone, notification: ControlNotification) => void,
): Racks => {
  const clients = new Map<AvailabilityZone, ControlClient>(
    [...racks].map(([availabilityZone, rackKey]) => [
      availabilityZone,
      controlClient(env, {
        availabilityZone,
        controllerKey,
        rackKey,
        onNotification: (notification) => onNotification(availabilityZone, notification),
      }),
    ]),
  )
  return {
    zones: [...clients.keys()],
    ask: async (zone, name, request) => {
      const client = clients.get(zone)
      if (client === undefined) return E.left({ _tag: 'RackUnreachable', availabilityZone: zone })
      const isQuestion = name === 'describeRack' || name === 'describeHsm'
      return client.request(name, request, isQuestion ? settings.describeMillis : settings.commandMillis)
    },
    close: () => {
      for (const client of clients.values()) client.close()
    },
  }
}
