import * as E from 'fp-ts/lib/Either.js'
import {
  type CryptoEngine,
  decodeKeyMaterial,
  ecdsaSigValue,
  encodeKeyMaterial,
  type KeyMaterial,
} from '@hsmlab/crypto'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import { CKM, NO_PARAMETER } from '@hsmlab/pkcs11'
import { staticKeyStatement } from '@hsmlab/protocol'
import type { HsmSettings } from './hsm-env.ts'

const RSA_BITS = 2048
const F4 = Uint8Array.of(1, 0, 1)

/** Makes the key behind a cluster's CSR: the one that every HSM of the cluster comes to hold. */
export const makeClusterKey = async (engine: CryptoEngine, { clusterKey }: HsmSettings): Promise<KeyMaterial> => {
  if (clusterKey === 'ec') {
    const curve = 'secp256r1'
    return { _tag: 'ec-private', curve, scalar: engine.generateEc(curve).scalar }
  }
  return { _tag: 'rsa-private', pkcs8: (await engine.generateRsa(RSA_BITS, F4)).pkcs8 }
}

/** The bytes by which certificates know the key: PKCS#8 of RSA keys, the scalar of EC keys. */
export const privateBytesOf = (material: KeyMaterial): Uint8Array | undefined => {
  if (material._tag === 'rsa-private') return material.pkcs8
  return material._tag === 'ec-private' ? material.scalar : undefined
}

export const encodeClusterKey = encodeKeyMaterial
export const decodeClusterKey = decodeKeyMaterial

/** The cluster key's word that `staticKey` (base64) is this HSM's: SHA-256 with RSA PKCS#1 v1.5, or ECDSA in DER. */
export const signStaticKey = async (
  engine: CryptoEngine,
  material: KeyMaterial,
  of: Readonly<{ clusterId: string; hsmId: string; staticKey: string }>,
): Promise<Uint8Array | undefined> => {
  const key = engine.open(material)
  if (E.isLeft(key)) return undefined
  const isEc = material._tag === 'ec-private'
  const type = isEc ? CKM.CKM_ECDSA_SHA256 : CKM.CKM_SHA256_RSA_PKCS
  const statement = utf8Bytes(staticKeyStatement(of.clusterId, of.hsmId, of.staticKey))
  const signature = await engine.sign(key.right, { type, parameter: NO_PARAMETER }, statement)
  key.right.close()
  if (E.isLeft(signature)) return undefined
  return isEc ? ecdsaSigValue(signature.right) : signature.right
}
