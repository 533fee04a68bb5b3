import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import { CKM } from '@hsmlab/pkcs11'
import { FixedAttributes, MutableAttributes, type NewKey, newKeyPair, newSecretKey } from '../../src/index.ts'
import { keyTemplate } from '../../src/arbitrary/index.ts'

const mode = fc.constantFrom('FIPS', 'NON_FIPS')
const secretMechanism = fc.constantFrom(CKM.CKM_AES_KEY_GEN, CKM.CKM_GENERIC_SECRET_KEY_GEN, CKM.CKM_ECDSA)
const pairMechanism = fc.constantFrom(CKM.CKM_EC_KEY_PAIR_GEN, CKM.CKM_RSA_PKCS_KEY_PAIR_GEN, CKM.CKM_AES_CBC)

const isSound = ({ fixed, mutable }: NewKey): boolean =>
  FixedAttributes.is(fixed) &&
  MutableAttributes.is(mutable) &&
  fixed.CKA_ALWAYS_SENSITIVE === fixed.CKA_SENSITIVE &&
  fixed.CKA_NEVER_EXTRACTABLE === !mutable.CKA_EXTRACTABLE &&
  !mutable.CKA_TRUSTED &&
  (fixed.CKA_CLASS === 'CKO_PUBLIC_KEY' || fixed.CKA_PRIVATE) &&
  (fixed.CKA_CLASS !== 'CKO_PRIVATE_KEY' || fixed.CKA_SENSITIVE)

testProp(
  'no template makes an unsound secret key',
  [keyTemplate, secretMechanism, mode],
  (t, template, type, where) => {
    const made = newSecretKey(template, type, where)
    t.true(E.isLeft(made) ? made.left._tag.startsWith('CKR_') : isSound(made.right))
  },
)

testProp(
  'no templates make an unsound pair',
  [keyTemplate, keyTemplate, pairMechanism, mode],
  (t, publicTemplate, privateTemplate, type, where) => {
    const made = newKeyPair(publicTemplate, privateTemplate, type, where)
    t.true(
      E.isLeft(made) ? made.left._tag.startsWith('CKR_') : isSound(made.right.public) && isSound(made.right.private),
    )
  },
)
