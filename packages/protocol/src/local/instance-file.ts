import * as t from 'io-ts'

/**
 * `<data>/instance.json`: where the product that owns a data folder listens, written when it is ready and removed when
 * it ends. Sockets stand elsewhere when the folder's path is too long for them.
 */
export const InstanceFile = t.strict({
  version: t.literal(1),
  pid: t.number,
  controlSocket: t.string,
  clientSocket: t.string,
  pkcs11Socket: t.string,
  /** `http://127.0.0.1:4580`, usually. */
  endpoint: t.string,
  region: t.string,
})
export type InstanceFile = t.TypeOf<typeof InstanceFile>
