/** Where the parts of the product meet on the bus. All names but `proxyId` (32 hex digits) are ids of CloudHSM. */
export const subjects = {
  /** Requests: any bytes → `HsmHello` as canonical JSON. */
  hello: (hsmId: string): string => `hsm.${hsmId}.hello`,
  /** The same by the address that `configure-pkcs11 -a` gives. */
  helloAt: (eniIp: string): string => `eni.${eniIp.replaceAll('.', '-')}.hello`,
  /** Requests: proxy id and Noise message 1 → channel number and Noise message 2. */
  handshake: (hsmId: string): string => `hsm.${hsmId}.handshake`,
  /** Datagrams: frames from proxies to the HSM. */
  hsmFrames: (hsmId: string): string => `hsm.${hsmId}.frames`,
  /** Datagrams: frames from HSMs to one proxy. */
  proxyFrames: (proxyId: string): string => `proxy.${proxyId}.frames`,
  /** Requests between HSMs: anti-entropy. */
  peer: (hsmId: string): string => `hsm.${hsmId}.peer`,
  /** Requests between HSMs: compare your keys with mine, for I am leaving. */
  handOver: (hsmId: string): string => `hsm.${hsmId}.handover`,
  /** Requests and datagrams of the control channel, controller to rack. */
  controlHandshake: (availabilityZone: string): string => `rack.${availabilityZone}.handshake`,
  controlFrames: (availabilityZone: string): string => `rack.${availabilityZone}.frames`,
  controllerFrames: (controllerId: string): string => `controller.${controllerId}.frames`,
  /** Requests: any bytes → the clusters' signed memberships, for clients that know no address yet. */
  memberships: 'controller.memberships',
  /** Requests: `encodeLogRequest` → `LogRun`, what an HSM has on its log from a position on. */
  logRecords: (hsmId: string): string => `hsm.${hsmId}.log`,
  /** Requests: any bytes → the HSM's `SignedAuditHead` as canonical JSON: how far its audit log has come. */
  auditHead: (hsmId: string): string => `hsm.${hsmId}.audit`,
  /** Feed: the published log of one HSM, as `LogRun`s. */
  log: (clusterId: string, hsmId: string): string => `log.${clusterId}.${hsmId}`,
} as const
