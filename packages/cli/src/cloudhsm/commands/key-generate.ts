import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { ecParams } from '@hsmlab/crypto'
import { type KeyTemplate, type Username, UsernameCodec } from '@hsmlab/domain'
import { toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { CKM } from '@hsmlab/pkcs11'
import type { CliCommand, CommandContext, CommandResult } from '../command.ts'
import type { CliArguments, CliOption } from '../../shared/syntax/syntax.ts'
import { countOf, textOf, textsOf } from '../../shared/syntax/given.ts'
import { attributesOf, CREATION_ATTRIBUTES } from '../key/attributes.ts'
import { CURVES_BY_NAME } from '../key/names.ts'
import { keyView } from '../key/view.ts'
import { CLUSTER_ID } from '../options.ts'
import { ask } from './ask.ts'

const assignments = CREATION_ATTRIBUTES.map((name) => `${name}=`)

const label = (name: string, whose: string): CliOption => ({
  name,
  value: name.toUpperCase().replaceAll('-', '_'),
  summary: `Label of the ${whose}`,
  required: true,
})

const attributes = (name: string, whose: string): CliOption => ({
  name,
  value: 'ATTRIBUTES',
  summary: `Attributes of the ${whose}: NAME=VALUE, separated by spaces`,
  many: true,
  suggestions: assignments,
})

const SESSION: CliOption = {
  name: 'session',
  value: '',
  summary: 'Make a session key: it lives on one HSM, and ends with this session',
  flag: true,
}

const SHARE: CliOption = {
  name: 'share-crypto-users',
  value: 'USERNAMES',
  summary: 'Crypto users to share the key with, separated by spaces',
  many: true,
}

const PAIR_OPTIONS: ReadonlyArray<CliOption> = [
  SESSION,
  attributes('public-attributes', 'public key'),
  attributes('private-attributes', 'private key'),
  SHARE,
]

const labelled = (given: CliArguments, name: string): KeyTemplate => ({
  CKA_LABEL: toBase64(utf8Bytes(textOf(given, name) ?? '')),
})

/** What CloudHSM CLI makes unless it is told otherwise: keys that last ("Key attributes for CloudHSM CLI"). */
const lasting = (given: CliArguments): KeyTemplate => ({ CKA_TOKEN: given['session'] !== true, CKA_PRIVATE: true })

const SECRET: KeyTemplate = { CKA_SENSITIVE: true, CKA_EXTRACTABLE: true }
const SIGNING_SECRET: KeyTemplate = { ...SECRET, CKA_SIGN: true, CKA_VERIFY: true }

const sharedWith = (given: CliArguments): E.Either<string, ReadonlyArray<Username>> => {
  const users = t.readonlyArray(UsernameCodec).decode(textsOf(given, 'share-crypto-users'))
  return E.isLeft(users) ? E.left('Invalid value for --share-crypto-users: user names') : users
}

const generateSecret =
  (mechanism: number, lengthMax: number, lengths?: ReadonlyArray<number>) =>
  async (context: CommandContext, given: CliArguments): Promise<CommandResult> => {
    const length = countOf(given, 'key-length-bytes', 1, lengthMax)
    if (E.isLeft(length)) return length
    if (lengths !== undefined && !lengths.includes(length.right ?? 0)) {
      return E.left(`Invalid value for --key-length-bytes: ${lengths.join(', ')}`)
    }
    const chosen = attributesOf(textsOf(given, 'attributes'))
    if (E.isLeft(chosen)) return chosen
    const users = sharedWith(given)
    if (E.isLeft(users)) return users
    const template = {
      ...labelled(given, 'label'),
      ...lasting(given),
      ...SIGNING_SECRET,
      ...(length.right === undefined ? {} : { CKA_VALUE_LEN: length.right }),
      ...chosen.right,
    }
    const made = await ask(context, 'generateKey', { template, mechanism, sharedWith: users.right })
    return E.isLeft(made) ? made : E.right({ key: keyView(made.right.key) })
  }

const generatePair = async (
  context: CommandContext,
  given: CliArguments,
  mechanism: number,
  numbers: KeyTemplate,
): Promise<CommandResult> => {
  const publicChosen = attributesOf(textsOf(given, 'public-attributes'))
  if (E.isLeft(publicChosen)) return publicChosen
  const privateChosen = attributesOf(textsOf(given, 'private-attributes'))
  if (E.isLeft(privateChosen)) return privateChosen
  const users = sharedWith(given)
  if (E.isLeft(users)) return users
  const made = await ask(context, 'generateKeyPair', {
    publicTemplate: { ...labelled(given, 'public-label'), ...lasting(given), ...numbers, ...publicChosen.right },
    privateTemplate: { ...labelled(given, 'private-label'), ...lasting(given), ...SECRET, ...privateChosen.right },
    mechanism,
    sharedWith: users.right,
  })
  if (E.isLeft(made)) return made
  return E.right({ public_key: keyView(made.right.publicKey), private_key: keyView(made.right.privateKey) })
}

const generateEc = (context: CommandContext, given: CliArguments): Promise<CommandResult> => {
  const curve = CURVES_BY_NAME[textOf(given, 'curve') ?? '']
  if (curve === undefined) return Promise.resolve(E.left('Invalid value for --curve'))
  return generatePair(context, given, CKM.CKM_EC_KEY_PAIR_GEN, { CKA_EC_PARAMS: toBase64(ecParams(curve)) })
}

/** Big-endian, without leading zeros. */
const exponentBytes = (exponent: number): Uint8Array => {
  const hex = exponent.toString(16)
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
}

const generateRsa = async (context: CommandContext, given: CliArguments): Promise<CommandResult> => {
  const bits = countOf(given, 'modulus-size-bits', 2048, 4096)
  if (E.isLeft(bits)) return bits
  const exponent = countOf(given, 'public-exponent', 65_537, Number.MAX_SAFE_INTEGER)
  if (E.isLeft(exponent)) return exponent
  return generatePair(context, given, CKM.CKM_RSA_X9_31_KEY_PAIR_GEN, {
    ...(bits.right === undefined ? {} : { CKA_MODULUS_BITS: bits.right }),
    CKA_PUBLIC_EXPONENT: toBase64(exponentBytes(exponent.right ?? 65_537)),
  })
}

const keyLength = (summary: string): CliOption => ({
  name: 'key-length-bytes',
  value: 'KEY_LENGTH_BYTES',
  summary,
  required: true,
})

export const keyGenerateCommands: ReadonlyArray<CliCommand> = [
  {
    path: ['key', 'generate-symmetric', 'aes'],
    summary: 'Make an AES key',
    needsLogin: true,
    options: [
      CLUSTER_ID,
      label('label', 'key'),
      SESSION,
      { ...keyLength('Length of the key in bytes'), choices: ['16', '24', '32'] },
      attributes('attributes', 'key'),
      SHARE,
    ],
    run: generateSecret(CKM.CKM_AES_KEY_GEN, 32, [16, 24, 32]),
  },
  {
    path: ['key', 'generate-symmetric', 'generic-secret'],
    summary: 'Make a generic secret key',
    needsLogin: true,
    options: [
      CLUSTER_ID,
      label('label', 'key'),
      SESSION,
      keyLength('Length of the key in bytes, 1 to 800'),
      attributes('attributes', 'key'),
      SHARE,
    ],
    run: generateSecret(CKM.CKM_GENERIC_SECRET_KEY_GEN, 800),
  },
  {
    path: ['key', 'generate-asymmetric-pair', 'ec'],
    summary: 'Make an elliptic curve key pair',
    needsLogin: true,
    options: [
      CLUSTER_ID,
      label('public-label', 'public key'),
      label('private-label', 'private key'),
      {
        name: 'curve',
        value: 'CURVE',
        summary: 'The curve',
        required: true,
        choices: Object.keys(CURVES_BY_NAME),
      },
      ...PAIR_OPTIONS,
    ],
    run: generateEc,
  },
  {
    path: ['key', 'generate-asymmetric-pair', 'rsa'],
    summary: 'Make an RSA key pair',
    needsLogin: true,
    options: [
      CLUSTER_ID,
      label('public-label', 'public key'),
      label('private-label', 'private key'),
      {
        name: 'modulus-size-bits',
        value: 'MODULUS_SIZE_BITS',
        summary: 'Bits of the modulus, 2048 to 4096 in steps of 256',
        required: true,
      },
      { name: 'public-exponent', value: 'PUBLIC_EXPONENT', summary: 'An odd number from 65537 on', required: true },
      ...PAIR_OPTIONS,
    ],
    run: generateRsa,
  },
]
