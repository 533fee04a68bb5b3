import test from 'ava'
import { CKM, NO_PARAMETER } from '@hsmlab/pkcs11'
import { withGeneratedIv } from '../src/index.ts'

const fresh = new Uint8Array(12).fill(7)
const random = (count: number) => fresh.slice(0, count)
const gcm = (iv: Uint8Array) => ({
  type: CKM.CKM_AES_GCM,
  parameter: { _tag: 'gcm', iv, aad: new Uint8Array(0), tagBits: 128 } as const,
})

test('a zeroed or empty IV is the wish for one of the HSM', (t) => {
  for (const length of [0, 12]) {
    t.deepEqual(withGeneratedIv(gcm(new Uint8Array(length)), random), { mechanism: gcm(fresh), generatedIv: fresh })
  }
})

test('an IV of the caller, or zeros of another length, stay as they are', (t) => {
  for (const iv of [new Uint8Array(12).fill(1), new Uint8Array(16)]) {
    t.deepEqual(withGeneratedIv(gcm(iv), random), { mechanism: gcm(iv), generatedIv: undefined })
  }
})

test('other mechanisms have no IV of the HSM', (t) => {
  const mechanism = { type: CKM.CKM_AES_ECB, parameter: NO_PARAMETER }
  t.deepEqual(withGeneratedIv(mechanism, random), { mechanism, generatedIv: undefined })
})
