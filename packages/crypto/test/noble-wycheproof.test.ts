import test from 'ava'
import { wycheproofContract } from '../src/contract/index.ts'
import { nobleEngine } from '../src/noble/index.ts'
import { seededRandom } from './seeded-random.ts'
import { readWycheproof } from './wycheproof-files.ts'

/** A file of each kind; the whole of Wycheproof is for the product's engine, which is faster. */
wycheproofContract(test, nobleEngine({ random: seededRandom('wycheproof') }), readWycheproof, [
  'aes_cbc_pkcs5',
  'aes_gcm',
  'aes_kwp',
  'ecdsa_secp224r1_sha224_p1363',
  'ecdsa_secp256r1_sha256_p1363',
  'ed25519',
  'hmac_sha1',
  'hmac_sha224',
  'hmac_sha256',
  'hmac_sha384',
  'hmac_sha512',
  'rsa_oaep_2048_sha256_mgf1sha256',
  'rsa_pkcs1_2048',
  'rsa_pkcs1_2048_sig_gen',
  'rsa_pss_2048_sha256_mgf1_32',
  'rsa_pss_misc',
  'rsa_signature_2048_sha256',
])
