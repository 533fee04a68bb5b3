import { utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'
import { POSITION_BYTES, readPosition, writePosition } from './layout.ts'
import type { Head } from './record.ts'
import { DOMAIN, HASH_BYTES, type Seal } from './seal.ts'

/**
 * What the head in the store and the cell in the head file both say: whose log this is, where it ends, where it ended
 * before its last batch, and how often it was opened.
 */
export type Mark = Head & Readonly<{ previousRevision: number; bootCounter: number; identity: string }>

const REVISION_AT = 1
const PREVIOUS_AT = REVISION_AT + POSITION_BYTES
const BOOT_AT = PREVIOUS_AT + POSITION_BYTES
const HASH_AT = BOOT_AT + POSITION_BYTES
const IDENTITY_AT = HASH_AT + HASH_BYTES

type MarkDomain = typeof DOMAIN.head | typeof DOMAIN.cell

const encodeMark = (domain: MarkDomain, mark: Mark): Uint8Array => {
  const identity = utf8Bytes(mark.identity)
  const body = new Uint8Array(IDENTITY_AT + identity.length)
  body[0] = domain
  writePosition(body, REVISION_AT, mark.revision)
  writePosition(body, PREVIOUS_AT, mark.previousRevision)
  writePosition(body, BOOT_AT, mark.bootCounter)
  body.set(mark.hash, HASH_AT)
  body.set(identity, IDENTITY_AT)
  return body
}

const decodeMark = (body: Uint8Array): Mark => ({
  revision: readPosition(body, REVISION_AT),
  previousRevision: readPosition(body, PREVIOUS_AT),
  bootCounter: readPosition(body, BOOT_AT),
  hash: body.slice(HASH_AT, IDENTITY_AT),
  identity: utf8Text(body.subarray(IDENTITY_AT)) ?? '',
})

export const sealMark = (seal: Seal, domain: MarkDomain, mark: Mark): Uint8Array => seal.seal(encodeMark(domain, mark))

export const openMark = (seal: Seal, domain: MarkDomain, sealed: Uint8Array): Mark | 'malformed' | 'mac' => {
  const body = seal.open(sealed, domain, IDENTITY_AT)
  return typeof body === 'string' ? body : decodeMark(body)
}

/** Whom a mark names that is not sealed under our key: a claim, to be checked against the log's genesis. */
export const claimedIdentity = (sealed: Uint8Array): string | undefined =>
  utf8Text(sealed.subarray(HASH_BYTES + IDENTITY_AT))
