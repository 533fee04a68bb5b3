import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { ClientFiles } from '@hsmlab/ports'
import { readFileIfAny } from './secret-file.ts'

/** Where the customer's CA certificate of a cluster lies in a data folder. */
export const customerCaPath = (dataDirectory: string, clusterId: string): string =>
  join(dataDirectory, 'clusters', clusterId, 'customerCA.crt')

/** `<data>/etc/cloudhsm-*.cfg` and the certificates beside them; paths in a configuration count from the data folder. */
export const clientFiles = (dataDirectory: string): ClientFiles => ({
  configuration: (tool) => readFileIfAny(join(dataDirectory, 'etc', `cloudhsm-${tool}.cfg`)),
  certificate: async (path) => {
    try {
      return await readFile(resolve(dataDirectory, path), 'utf8')
    } catch {
      return undefined
    }
  },
  customerCa: (clusterId) => readFileIfAny(customerCaPath(dataDirectory, clusterId)),
})
