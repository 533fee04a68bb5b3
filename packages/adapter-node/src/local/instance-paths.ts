import { join, resolve } from 'node:path'

/** Where everything of one product instance lies. Removing the folder is a factory reset. */
export const instancePaths = (dataDirectory: string) => {
  const root = resolve(dataDirectory)
  return {
    root,
    keys: join(root, 'keys'),
    controller: join(root, 'controller'),
    vault: join(root, 'controller', 'backups'),
    /** One folder per HSM, below its zone: a rack sees its own only. */
    hsmsIn: (availabilityZone: string) => join(root, 'hsm', availabilityZone),
    hsms: join(root, 'hsm'),
    audit: join(root, 'audit'),
    hardware: join(root, 'hardware'),
    pid: join(root, 'pid'),
    rackKeys: (availabilityZone: string) => join(root, 'keys', `rack-${availabilityZone}.json`),
    controllerKeys: join(root, 'keys', 'controller.json'),
    auditSinkKeys: join(root, 'keys', 'audit-sink.json'),
    clientProxyKeys: join(root, 'keys', 'client-proxy.json'),
  } as const
}
export type InstancePaths = ReturnType<typeof instancePaths>
