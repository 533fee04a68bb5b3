import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { ClientFiles, ClientTool } from '@hsmlab/ports'
import { readFileIfAny } from './secret-file.ts'

/** Where the customer's CA certificate of a cluster lies in a data folder. */
export const clusterCaPath = (dataDirectory: string, clusterId: string): string =>
  join(dataDirectory, 'clusters', clusterId, 'customerCA.crt')

/** Where the configuration of a client tool lies in a data folder. */
export const clientConfigurationPath = (dataDirectory: string, tool: ClientTool): string =>
  join(dataDirectory, 'etc', `cloudhsm-${tool}.cfg`)

/** `<data>/etc/cloudhsm-*.cfg` and the certificates beside them; paths in a configuration count from the data folder. */
export const clientFiles = (dataDirectory: string): ClientFiles => ({
  configuration: (tool) => readFileIfAny(clientConfigurationPath(dataDirectory, tool)),
  certificate: async (path) => {
    try {
      return await readFile(resolve(dataDirectory, path), 'utf8')
    } catch {
      return undefined
    }
  },
  customerCa: (clusterId) => readFileIfAny(clusterCaPath(dataDirectory, clusterId)),
})
