import { readFileSync } from 'node:fs'
import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { hmac } from '@noble/hashes/hmac.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8Bytes, utf8Text } from '@hsmlab/event-sourcing'
import {
  emptyDigest,
  entryBytes,
  entryMac,
  KeyEntryCodec,
  lineage,
  macHolds,
  peerHmac,
  rootDigest,
  withEntry,
} from '../../src/index.ts'

const primitives = {
  hmacSha256: (key: Uint8Array, bytes: Uint8Array) => hmac(sha256, key, bytes),
  hkdfSha256: (key: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number) =>
    hkdf(sha256, key, salt, info, length),
}
const maskingKey = Uint8Array.from({ length: 32 }, (_, i) => i)
const ours = lineage('masking-key-1', maskingKey, primitives)

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
const golden = (name: string) =>
  readFileSync(new URL(`../../../test/sync/golden/${name}`, import.meta.url), 'utf8').trimEnd()
const decoded = (line: string) => {
  const entry = KeyEntryCodec.decode(JSON.parse(line))
  if (E.isLeft(entry)) throw new Error('not an entry')
  return entry.right
}
const entries = golden('v1.jsonl').split('\n').map(decoded)

test('entries written by version 1 are read, and their MACs hold', (t) => {
  t.is(entries.length, 3)
  for (const entry of entries) t.true(macHolds(ours.hmac, entry))
})

test('the bytes of an entry are the context and its canonical JSON without the MAC', (t) => {
  const lines = golden('v1.jsonl').split('\n')
  for (const [i, entry] of entries.entries()) {
    const { mac: _mac, ...rest } = JSON.parse(lines[i] ?? '') as Record<string, unknown>
    t.is(utf8Text(entryBytes(entry)), `hsmlab key entry 1\n${JSON.stringify(rest)}`)
  }
})

test('the digest of version 1 stays what it was', (t) => {
  t.is(hex(rootDigest(entries.reduce(withEntry, emptyDigest()))), golden('v1.digest'))
})

test('the digest of nothing is a fixed value', (t) => {
  t.is(hex(rootDigest(emptyDigest())), golden('v1.empty-digest'))
})

test('another masking key makes other MACs, and so does another purpose', (t) => {
  const other = lineage(
    'masking-key-1',
    Uint8Array.from(maskingKey, (byte) => byte ^ 1),
    primitives,
  )
  for (const entry of entries) {
    t.false(macHolds(other.hmac, entry))
    t.not(entryMac(peerHmac(maskingKey, primitives), entry), entry.mac)
  }
})

test('a MAC of the wrong length does not hold', (t) => {
  for (const entry of entries) {
    for (const mac of ['', 'AAAA']) t.false(macHolds(ours.hmac, { ...entry, mac: mac as typeof entry.mac }))
  }
})

test('the MAC key is derived from the masking key, not the masking key itself', (t) => {
  const [entry] = entries
  const key = hkdf(sha256, maskingKey, new Uint8Array(0), utf8Bytes('hsmlab key entries 1'), 32)
  t.true(entry !== undefined && macHolds((message) => hmac(sha256, key, message), entry))
})
