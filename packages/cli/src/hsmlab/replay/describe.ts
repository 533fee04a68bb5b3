import { allClusters, type HsmState, hsmsOf, isLocked, stateOf } from '@hsmlab/domain'
import { fromBase64, utf8Text } from '@hsmlab/event-sourcing'
import { keyReference } from '../../cloudhsm/key/view.ts'
import { CLASS_NAMES, KEY_TYPE_NAMES } from '../../cloudhsm/key/names.ts'
import { textTable } from '../../shared/table.ts'
import type { BrokenLog, Folded } from './fold-all.ts'

const byText = (a: string, b: string): number => (a < b ? -1 : 1)

const usersOf = (state: HsmState) =>
  [...state.users.values()]
    .map((user) => ({ username: user.username, role: user.role, failures: user.failures, locked: isLocked(user) }))
    .sort((a, b) => byText(a.username, b.username))

const keysOf = (state: HsmState) =>
  [...state.keys.values()]
    .sort((a, b) => a.handle - b.handle)
    .map(({ handle, generation, owner, fixed, mutable }) => ({
      keyReference: keyReference(handle),
      generation,
      owner,
      keyType: KEY_TYPE_NAMES[fixed.CKA_KEY_TYPE],
      class: CLASS_NAMES[fixed.CKA_CLASS],
      label: utf8Text(fromBase64(mutable.CKA_LABEL)) ?? '',
    }))

/** What a replayed HSM was, without anything sealed. */
const hsmView = (log: string, length: number, state: HsmState) => ({
  hsmId: log,
  records: length,
  phase: state.phase,
  availabilityZone: state.identity?.availabilityZone,
  clusterId: state.identity?.clusterId,
  users: usersOf(state),
  keys: keysOf(state),
  deletedKeys: state.tombstones.size,
})
export type HsmView = ReturnType<typeof hsmView>

/** What was known at one point of history, for programs. */
export const describeHistory = ({ logs, broken }: Folded) => ({
  clusters: logs.flatMap((one) =>
    one._tag === 'controller'
      ? allClusters(one.plane).map((cluster) => ({
          clusterId: cluster.clusterId,
          state: stateOf(cluster, false),
          hsmType: cluster.hsmType,
          mode: cluster.mode,
          hsms: hsmsOf(cluster).map(({ hsmId, state, place }) => ({
            hsmId,
            state,
            availabilityZone: place.availabilityZone,
            eniIp: place.eniIp,
          })),
        }))
      : [],
  ),
  // Before its first record an HSM was not there.
  hsms: logs.flatMap((one) => (one._tag === 'hsm' && one.length > 0 ? [hsmView(one.log, one.length, one.state)] : [])),
  broken,
})
export type History = ReturnType<typeof describeHistory>

const hsmText = ({ hsmId, records, phase, availabilityZone, users, keys, deletedKeys }: HsmView): string => {
  const title = `${hsmId}  ${availabilityZone ?? '-'}  ${phase}  ${records} records`
  const userRows = users.map(({ username, role, failures, locked }) => [
    'user',
    username,
    role,
    locked ? 'locked' : failures > 0 ? `${failures} wrong passwords` : '',
  ])
  const keyRows = keys.map((key) => [key.keyReference, key.keyType, key.class, key.label, `owner ${key.owner}`])
  const deleted = deletedKeys === 0 ? [] : [`  deleted keys: ${deletedKeys}`]
  return [title, textTable(userRows, '  '), textTable(keyRows, '  '), ...deleted]
    .filter((part) => part !== '')
    .join('\n')
}

const clusterText = ({ clusterId, state, hsmType, mode, hsms }: History['clusters'][number]): string => {
  const rows = hsms.map((hsm) => [hsm.availabilityZone, hsm.hsmId, hsm.eniIp, hsm.state])
  return [`${clusterId}  ${state}  ${hsmType}  ${mode}`, textTable(rows, '  ')].filter((part) => part !== '').join('\n')
}

/** What is told of a log that cannot be folded. */
export const brokenText = ({ log, message }: BrokenLog): string => `${log}  NOT REPLAYED: ${message}`

/** The same for people. */
export const historyText = ({ clusters, hsms, broken }: History): string => {
  const parts = [...clusters.map(clusterText), ...hsms.map(hsmText), ...broken.map(brokenText)]
  return parts.length === 0 ? 'There was nothing yet.' : parts.join('\n\n')
}
