import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import { nobleEngine } from '@hsmlab/crypto/noble'
import type { BackupId, ClusterId, HsmId, Username } from '@hsmlab/domain'
import { toBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import { seededRandom } from '@hsmlab/ports/memory'
import { type BackupContent, type BackupLabel, readBackup, writeBackup } from '../../src/hsm/backup.ts'
import { realCluster } from '../client/real-cluster.ts'

const engine = nobleEngine({ random: seededRandom('engine') })
const random = seededRandom('backup')
const makerOf = (byte: number) => ({
  engine,
  random,
  backupAuthorities: { manufacturerKey: new Uint8Array(32).fill(byte), awsKey: new Uint8Array(32).fill(9) },
})
const maker = makerOf(1)

const label: BackupLabel = {
  backupId: 'backup-aaaaaaaaaaa' as BackupId,
  clusterId: 'cluster-aaaaaaaaaaa' as ClusterId,
  hsmId: 'hsm-aaaaaaaaaaa' as HsmId,
  maskingKeyId: '0011',
  position: 42,
}
const content: BackupContent = {
  maskingKey: toBase64(utf8Bytes('the masking key, all 32 bytes of')),
  clusterKey: toBase64(utf8Bytes('the cluster key')),
  clusterCertificate: 'certificate',
  trustAnchor: 'anchor',
  users: [
    { username: 'alice' as Username, role: 'crypto-user', verifier: toBase64(utf8Bytes('verifier')), failures: 0 },
  ],
  keys: [],
  tombstones: [],
}
const backup = writeBackup(maker, label, content)

test('a backup is read back by an HSM of the same maker', (t) => {
  t.deepEqual(readBackup(maker, backup), { label, content })
})

test("another maker's HSM cannot open it", (t) => {
  t.is(readBackup(makerOf(2), backup), undefined)
})

test('nothing of its content stands in it in the clear', (t) => {
  const bytes = Buffer.from(backup)
  for (const secret of ['the masking key', 'the cluster key', 'verifier']) {
    t.is(bytes.indexOf(secret), -1)
    t.is(bytes.indexOf(Buffer.from(secret).toString('base64').slice(0, -4)), -1)
  }
})

testProp('one changed bit anywhere refuses it', [fc.nat({ max: backup.length * 8 - 1 })], (t, bit) => {
  const altered = Uint8Array.from(backup)
  altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  t.is(readBackup(maker, altered), undefined)
})

testProp('a cut backup is refused', [fc.nat({ max: backup.length - 1 })], (t, length) => {
  t.is(readBackup(maker, backup.slice(0, length)), undefined)
})

testProp('random bytes are no backup', [fc.uint8Array({ maxLength: 300 })], (t, bytes) => {
  t.is(readBackup(maker, bytes), undefined)
})

test('an HSM that has content takes no other, and a damaged backup changes nothing', async (t) => {
  const cluster = await realCluster()
  const [first, second] = cluster.hsms
  const taken = await cluster.settled(first!.takeBackup('backup-bbbbbbbbbbb' as BackupId))
  if (E.isLeft(taken)) return t.fail(taken.left.message)
  const before = await cluster.settled(second!.canonicalState())
  const altered = Uint8Array.from(taken.right.backup)
  altered[altered.length - 1] = (altered[altered.length - 1] ?? 0) ^ 1
  const refused = await cluster.settled(second!.restoreBackup(altered))
  t.is(E.isLeft(refused) ? refused.left.code : 'taken', 'damaged')
  // The same content again is what it has already.
  t.true(E.isRight(await cluster.settled(second!.restoreBackup(taken.right.backup))))
  t.deepEqual(await cluster.settled(second!.canonicalState()), before)
  await cluster.close()
})
