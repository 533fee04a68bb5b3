import { utf8ToBytes } from '@noble/hashes/utils.js'
import test from 'ava'
import { openBackup, persistentBackupKey, sealBackup } from '../src/index.ts'
import { nobleEngine } from '../src/noble/index.ts'
import { seededRandom } from './seeded-random.ts'

const engine = nobleEngine({ random: seededRandom('backup') })
const roots = { manufacturerKey: new Uint8Array(32).fill(1), serviceKey: new Uint8Array(32).fill(2) }
const lineage = utf8ToBytes('lineage-1')
const key = persistentBackupKey(engine, roots, lineage)
const name = utf8ToBytes('backup-aaaaaaaaaaa')
const content = utf8ToBytes('users and keys')
const sealed = sealBackup(engine, key, new Uint8Array(32).fill(3), name, content)

test('a backup opens under the roots that sealed it', (t) => {
  t.deepEqual(openBackup(engine, persistentBackupKey(engine, roots, lineage), name, sealed), content)
})

test('it takes both root keys and the lineage', (t) => {
  const wrong = [
    persistentBackupKey(engine, { ...roots, manufacturerKey: new Uint8Array(32) }, lineage),
    persistentBackupKey(engine, { ...roots, serviceKey: new Uint8Array(32) }, lineage),
    persistentBackupKey(engine, roots, utf8ToBytes('lineage-2')),
  ]
  for (const other of wrong) t.is(openBackup(engine, other, name, sealed), undefined)
})

test('under another name, altered or cut it stays closed', (t) => {
  t.is(openBackup(engine, key, utf8ToBytes('backup-bbbbbbbbbbb'), sealed), undefined)
  const altered = Uint8Array.from(sealed.ciphertext)
  altered[0] = altered[0]! ^ 1
  t.is(openBackup(engine, key, name, { ...sealed, ciphertext: altered }), undefined)
  t.is(openBackup(engine, key, name, { ...sealed, ciphertext: sealed.ciphertext.subarray(0, 10) }), undefined)
  t.is(openBackup(engine, key, name, { ...sealed, wrappedKey: sealed.wrappedKey.subarray(8) }), undefined)
})

test('neither the content nor its key stands in the backup', (t) => {
  const all = Buffer.concat([sealed.wrappedKey, sealed.ciphertext])
  t.false(all.includes(Buffer.from(content)))
  t.false(all.includes(Buffer.alloc(8, 3)))
})
