import * as E from 'fp-ts/lib/Either.js'
import type { Application, ClusterClient } from '@hsmlab/client'
import type { ClusterMode } from '@hsmlab/crypto'
import type { HsmInfo } from '@hsmlab/protocol'

/**
 * What an HSM of the cluster says of itself, kept once it was heard: it is the same for all HSMs and never changes.
 * Until then a cluster counts as one in FIPS mode, the stricter one.
 */
export interface ClusterFacts {
  readonly known: (client: ClusterClient) => HsmInfo | undefined
  readonly mode: (client: ClusterClient) => ClusterMode
  /** Asks an HSM if none was heard yet. */
  readonly learn: (client: ClusterClient, application: Application) => Promise<HsmInfo | undefined>
}

/** `fips-state` begins with 2 in FIPS mode and with 0 else (CloudHSM CLI, "cluster hsm-info"). */
const isFips = ({ fipsState }: HsmInfo): boolean => !fipsState.startsWith('0')

export const createClusterFacts = (): ClusterFacts => {
  const byClient = new Map<ClusterClient, Readonly<{ clusterId: string | undefined; info: HsmInfo }>>()

  const known = (client: ClusterClient): HsmInfo | undefined => {
    const entry = byClient.get(client)
    return entry !== undefined && entry.clusterId === client.clusterId() ? entry.info : undefined
  }

  return {
    known,
    mode: (client) => {
      const info = known(client)
      return info === undefined || isFips(info) ? 'FIPS' : 'NON_FIPS'
    },
    learn: async (client, application) => {
      const before = known(client)
      if (before !== undefined) return before
      const clusterId = client.clusterId()
      const answer = await application.hsmInfo()
      const info = E.isRight(answer) ? answer.right[0] : undefined
      if (info !== undefined) byClient.set(client, { clusterId, info })
      return info
    },
  }
}
