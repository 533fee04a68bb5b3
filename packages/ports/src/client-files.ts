/** Which client tool: each has a configuration of its own ("Client SDK 5 configure tool"). */
export type ClientTool = 'pkcs11' | 'cli'

/** The files that clients are configured by. */
export interface ClientFiles {
  /** The text of `cloudhsm-pkcs11.cfg` or `cloudhsm-cli.cfg`; `undefined`: there is none. */
  readonly configuration: (tool: ClientTool) => Promise<string | undefined>
  /** The PEM text that a configuration names; `undefined`: it cannot be read. */
  readonly certificate: (path: string) => Promise<string | undefined>
  /** The customer's CA of a cluster of this instance, PEM: what an unconfigured client trusts. */
  readonly customerCa: (clusterId: string) => Promise<string | undefined>
}

export type HasClientFiles = Readonly<{ clientFiles: ClientFiles }>
