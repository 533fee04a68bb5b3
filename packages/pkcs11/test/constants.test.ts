import test from 'ava'
import { CKA, CKC, CKD, CKF, CKG, CKK, CKM, CKO, CKR, CKS, CKU, CKZ, nameOf } from '../src/index.ts'

const TABLES = { CKA, CKC, CKD, CKF, CKG, CKK, CKM, CKO, CKR, CKS, CKU, CKZ }

/** Names that PKCS#11 itself gives to one value; flags have one meaning per structure and are left out. */
const SAME: Readonly<Record<string, ReadonlyArray<string>>> = {
  CKA: ['CKA_EC_PARAMS'],
  CKK: ['CKK_EC'],
  CKM: [
    'CKM_CAST128_KEY_GEN',
    'CKM_CAST128_ECB',
    'CKM_CAST128_CBC',
    'CKM_CAST128_MAC',
    'CKM_CAST128_MAC_GENERAL',
    'CKM_CAST128_CBC_PAD',
    'CKM_PBE_MD5_CAST128_CBC',
    'CKM_PBE_SHA1_CAST128_CBC',
    'CKM_EC_KEY_PAIR_GEN',
  ],
}

for (const [prefix, table] of Object.entries(TABLES)) {
  test(`${prefix}: every name begins with it, every value is a CK_ULONG of 32 bits`, (t) => {
    for (const [name, value] of Object.entries(table)) {
      t.true(name.startsWith(`${prefix}_`), name)
      t.true(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff, name)
    }
  })

  if (prefix !== 'CKF') {
    test(`${prefix}: a value has one name, but for those that PKCS#11 named twice`, (t) => {
      const seen = new Set<number>()
      const again = Object.entries(table).flatMap(([name, value]) => {
        const known = seen.has(value)
        seen.add(value)
        return known ? [name] : []
      })
      t.deepEqual(again, SAME[prefix] ?? [])
    })
  }
}

test('the values that the product stands on are those of PKCS#11 v2.40, pkcs11t.h', (t) => {
  t.is(CKM.CKM_ECDSA_SHA256, 0x1044)
  t.is(CKM.CKM_RSA_PKCS_PSS, 0x0d)
  t.is(CKM.CKM_AES_GCM, 0x1087)
  t.is(CKM.CKM_SHA256_HMAC, 0x251)
  t.is(CKA.CKA_EC_POINT, 0x181)
  t.is(CKA.CKA_WRAP_WITH_TRUSTED, 0x210)
  t.is(CKR.CKR_ACTION_PROHIBITED, 0x1b)
  t.is(CKR.CKR_PUBLIC_KEY_INVALID, 0x1b9)
  t.is(CKR.CKR_FUNCTION_REJECTED, 0x200)
  t.is(CKK.CKK_AES, 0x1f)
})

test('a value is named, the first name first, and a number otherwise', (t) => {
  t.is(nameOf(CKR, 0x30), 'CKR_DEVICE_ERROR')
  t.is(nameOf(CKK, 0x3), 'CKK_ECDSA')
  t.is(nameOf(CKM, 0x8000_1087), '0x80001087')
})
