import { clusterCaPath } from './client-files.ts'
import { writeSecretFile } from './secret-file.ts'

type KnownCluster = Readonly<{ clusterId: string; trustAnchor?: string | undefined; phase: string }>

/** What tells of clusters, and of changes to them: the controller. */
export type ClusterSource = Readonly<{
  state: () => Readonly<{ plane: Readonly<{ clusters: Readonly<Record<string, KnownCluster>> }> }>
  onChange: (listener: () => void) => () => void
}>

/** Writes down the CA of each initialized cluster, for clients that are not configured. */
export const keepCustomerCas = (controller: ClusterSource, dataDirectory: string): void => {
  const written = new Set<string>()
  const look = (): void => {
    for (const { clusterId, trustAnchor, phase } of Object.values(controller.state().plane.clusters)) {
      if (trustAnchor === undefined || phase === 'UNINITIALIZED' || written.has(clusterId)) continue
      written.add(clusterId)
      void writeSecretFile(clusterCaPath(dataDirectory, clusterId), trustAnchor)
    }
  }
  controller.onChange(look)
  look()
}
