import * as E from 'fp-ts/lib/Either.js'
import { toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import type { HsmInfo } from '@hsmlab/protocol'
import type { CliCommand } from '../command.ts'
import { CLUSTER_ID, PASSWORD } from '../options.ts'
import { newPassword } from '../password.ts'
import { ask } from './ask.ts'

const hsmInfo = (hsm: HsmInfo) => ({
  vendor: hsm.vendor,
  model: hsm.model,
  'serial-number': hsm.serialNumber,
  'hardware-version-major': hsm.hardwareVersionMajor,
  'hardware-version-minor': hsm.hardwareVersionMinor,
  'firmware-version-major': hsm.firmwareVersionMajor,
  'firmware-version-minor': hsm.firmwareVersionMinor,
  'firmware-build-number': hsm.firmwareBuildNumber,
  'firmware-id': hsm.firmwareId,
  'fips-state': hsm.fipsState,
})

export const clusterCommands: ReadonlyArray<CliCommand> = [
  {
    path: ['cluster', 'activate'],
    summary: 'Activate a cluster: set the password of its first admin',
    needsLogin: false,
    options: [CLUSTER_ID, PASSWORD],
    run: async (context, given) => {
      const password = await newPassword(context, given)
      if (E.isLeft(password)) return password
      const activated = await ask(context, 'activate', { password: toBase64(utf8Bytes(password.right)) })
      return E.isLeft(activated) ? activated : E.right('Cluster activation successful')
    },
  },
  {
    path: ['cluster', 'hsm-info'],
    summary: 'Show the HSMs of the cluster',
    needsLogin: false,
    options: [CLUSTER_ID],
    run: async (context) => {
      const answer = await ask(context, 'hsmInfo', {})
      return E.isLeft(answer) ? answer : E.right({ hsms: answer.right.hsms.map(hsmInfo) })
    },
  },
]
