import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import * as E from 'fp-ts/lib/Either.js'
import { CKM, type MechanismParameter, NO_PARAMETER } from '@hsmlab/pkcs11'
import type { CryptoEngine, CryptoFailure, CryptoResult, KeyMaterial, OpenKey } from '../engine.ts'
import { HASH_NAMES, HASHES } from '../hashes.ts'
import type { Test } from './test-face.ts'

const hex = (text: string): Uint8Array => hexToBytes(text.replaceAll(' ', ''))

const rightOf = <A>(result: E.Either<CryptoFailure, A>): A => {
  if (E.isLeft(result)) throw new Error(`the engine answered ${result.left._tag}`)
  return result.right
}
const hexOf = async (result: CryptoResult | Promise<CryptoResult>): Promise<string> => bytesToHex(rightOf(await result))

const openKey = (engine: CryptoEngine, material: KeyMaterial): OpenKey => rightOf(engine.open(material))

/** FIPS 180-4, the message `abc`. */
const ABC_DIGESTS = {
  'SHA-1': 'a9993e364706816aba3e25717850c26c9cd0d89d',
  'SHA-224': '23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7',
  'SHA-256': 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  'SHA-384': 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
  'SHA-512':
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
}

/** RFC 4231 §4.3: key `Jefe`, `what do ya want for nothing?`; SHA-1 from RFC 2202 §3. */
const JEFE_MACS = [
  [CKM.CKM_SHA_1_HMAC, 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
  [CKM.CKM_SHA224_HMAC, 'a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44'],
  [CKM.CKM_SHA256_HMAC, '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
  [
    CKM.CKM_SHA384_HMAC,
    'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
  ],
  [
    CKM.CKM_SHA512_HMAC,
    '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
  ],
] as const

/** SP 800-38A appendix F, AES-256. */
const AES_256 = '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4'
const FOUR_BLOCKS =
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710'
const IV = hex('000102030405060708090a0b0c0d0e0f')
const COUNTER = hex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff')

type Mode = Readonly<{ title: string; type: number; parameter: MechanismParameter; ciphertext: string }>
const MODES: ReadonlyArray<Mode> = [
  {
    title: 'ECB (F.1.5)',
    type: CKM.CKM_AES_ECB,
    parameter: NO_PARAMETER,
    ciphertext:
      'f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7',
  },
  {
    title: 'CBC (F.2.5)',
    type: CKM.CKM_AES_CBC,
    parameter: { _tag: 'iv', iv: IV },
    ciphertext:
      'f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b',
  },
  {
    title: 'CTR (F.5.5)',
    type: CKM.CKM_AES_CTR,
    parameter: { _tag: 'ctr', counterBits: 128, counterBlock: COUNTER },
    ciphertext:
      '601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6',
  },
]

/** Test case 16 of the GCM specification that SP 800-38D adopts (McGrew, Viega). */
const GCM = {
  key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
  iv: hex('cafebabefacedbaddecaf888'),
  aad: hex('feedfacedeadbeeffeedfacedeadbeefabaddad2'),
  plaintext:
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
  ciphertext:
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
  tag: '76fc6ece0f4e1768cddf8853bb2d551b',
}

/** RFC 6979 §A.2.5: P-256, SHA-256, message `sample`. */
const SAMPLE = {
  point:
    '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
  signature:
    'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
}

/** What the standards print, for any engine. */
export const publishedVectors = (test: Test, engine: CryptoEngine): void => {
  const { name } = engine
  for (const hash of HASH_NAMES) {
    test(`${name}: ${hash} of abc is that of FIPS 180-4`, async (t) => {
      const mechanism = { type: HASHES[hash].mechanism, parameter: NO_PARAMETER }
      t.is(await hexOf(engine.digest(mechanism, utf8ToBytes('abc'))), ABC_DIGESTS[hash])
    })
  }

  for (const hash of HASH_NAMES) {
    test(`${name}: ${hash} of abc is the same in parts`, async (t) => {
      const running = engine.startHash(hash)
      for (const part of ['', 'a', 'bc', '']) running.update(utf8ToBytes(part))
      t.is(bytesToHex(running.digest()), ABC_DIGESTS[hash])
    })
  }

  test(`${name}: HMACs are those of RFC 4231`, async (t) => {
    const key = openKey(engine, { _tag: 'secret', keyType: 'CKK_GENERIC_SECRET', value: utf8ToBytes('Jefe') })
    const message = utf8ToBytes('what do ya want for nothing?')
    for (const [type, mac] of JEFE_MACS)
      t.is(await hexOf(engine.sign(key, { type, parameter: NO_PARAMETER }, message)), mac)
  })

  for (const { title, type, parameter, ciphertext } of MODES) {
    test(`${name}: AES-256 ${title} is that of SP 800-38A`, async (t) => {
      const key = openKey(engine, { _tag: 'secret', keyType: 'CKK_AES', value: hex(AES_256) })
      t.is(await hexOf(engine.encrypt(key, { type, parameter }, hex(FOUR_BLOCKS))), ciphertext)
      t.is(await hexOf(engine.decrypt(key, { type, parameter }, hex(ciphertext))), FOUR_BLOCKS)
    })
  }

  for (const tagBits of [128, 120, 112, 104, 96, 64, 32]) {
    test(`${name}: AES-256-GCM with a tag of ${tagBits} bits is that of the GCM specification`, async (t) => {
      const key = openKey(engine, { _tag: 'secret', keyType: 'CKK_AES', value: hex(GCM.key) })
      const parameter = { _tag: 'gcm', iv: GCM.iv, aad: GCM.aad, tagBits } as const
      const mechanism = { type: CKM.CKM_AES_GCM, parameter }
      const sealed = GCM.ciphertext + GCM.tag.slice(0, tagBits / 4)
      t.is(await hexOf(engine.encrypt(key, mechanism, hex(GCM.plaintext))), sealed)
      t.is(await hexOf(engine.decrypt(key, mechanism, hex(sealed))), GCM.plaintext)
    })
  }

  test(`${name}: the P-256 signature of RFC 6979 holds, hashed here or before`, async (t) => {
    const key = openKey(engine, { _tag: 'ec-public', curve: 'secp256r1', point: hex(SAMPLE.point) })
    const message = utf8ToBytes('sample')
    const hashing = { type: CKM.CKM_ECDSA_SHA256, parameter: NO_PARAMETER }
    const ready = { type: CKM.CKM_ECDSA, parameter: NO_PARAMETER }
    t.is(await hexOf(engine.verify(key, hashing, message, hex(SAMPLE.signature))), '')
    t.is(await hexOf(engine.verify(key, ready, engine.sha256(message), hex(SAMPLE.signature))), '')
  })

  test(`${name}: HKDF-SHA-256 is that of RFC 5869`, async (t) => {
    const inputKey = new Uint8Array(22).fill(0x0b)
    const output = engine.hkdfSha256(inputKey, hex('000102030405060708090a0b0c'), hex('f0f1f2f3f4f5f6f7f8f9'), 42)
    t.is(bytesToHex(output), '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865')
  })

  test(`${name}: X25519 is that of RFC 7748 §6.1`, async (t) => {
    const bob = hex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb')
    const alicePublic = hex('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a')
    const shared = engine.x25519.sharedSecret(bob, alicePublic)
    t.is(bytesToHex(shared ?? hex('')), '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742')
    t.is(engine.x25519.sharedSecret(bob, new Uint8Array(32)), undefined)
  })

  test(`${name}: Ed25519 is that of RFC 8032 §7.1, test 2`, async (t) => {
    const privateKey = hex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb')
    const publicKey = hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
    const signature = engine.ed25519.sign(privateKey, hex('72'))
    t.is(
      bytesToHex(signature),
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    )
    t.true(engine.ed25519.verify(publicKey, hex('72'), signature))
    t.true(!engine.ed25519.verify(publicKey, hex('73'), signature))
    t.true(!engine.ed25519.verify(publicKey, hex('72'), signature.subarray(1)))
  })

  test(`${name}: PBKDF2-HMAC-SHA-256 is that of RFC 7914 §11`, async (t) => {
    const derived = await engine.pbkdf2Sha256(utf8ToBytes('passwd'), utf8ToBytes('salt'), 1, 64)
    t.is(
      bytesToHex(derived),
      '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783',
    )
  })
}
