import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import { BACKUP_SIZE_MAX } from '@hsmlab/protocol'
import { backupTransfers } from '../../src/hsm/backup-transfers.ts'

const bytes = (...values: ReadonlyArray<number>) => Uint8Array.from(values)

test('pieces come in order, one again changes nothing, and the whole is taken once', (t) => {
  const transfers = backupTransfers()
  t.true(E.isRight(transfers.write('a', 'b', 0, bytes(1, 2))))
  t.true(E.isRight(transfers.write('a', 'b', 0, bytes(1, 2))))
  t.true(E.isLeft(transfers.write('a', 'b', 3, bytes(4))))
  t.true(E.isRight(transfers.write('a', 'b', 2, bytes(3))))
  t.deepEqual(transfers.take('a', 'b'), bytes(1, 2, 3))
  t.is(transfers.take('a', 'b'), undefined)
})

test('two HSMs that are restored from one backup at a time do not mix their pieces', (t) => {
  const transfers = backupTransfers()
  transfers.write('a', 'backup', 0, bytes(1))
  transfers.write('b', 'backup', 0, bytes(1))
  transfers.write('a', 'backup', 1, bytes(2))
  t.deepEqual(transfers.take('a', 'backup'), bytes(1, 2))
  transfers.write('b', 'backup', 1, bytes(2))
  t.deepEqual(transfers.take('b', 'backup'), bytes(1, 2))
})

test('transfers that were given up make room, and nothing grows beyond the largest backup', (t) => {
  const transfers = backupTransfers()
  for (let i = 0; i < 5; i += 1) transfers.write(`hsm ${i}`, 'backup', 0, bytes(i))
  t.is(transfers.take('hsm 0', 'backup'), undefined)
  t.deepEqual(transfers.take('hsm 4', 'backup'), bytes(4))
  t.true(E.isLeft(transfers.write('a', 'backup', BACKUP_SIZE_MAX, bytes(1))))
})

test('a backup is read in pieces while it is the newest, and goes with its HSM', (t) => {
  const transfers = backupTransfers()
  transfers.offer('a', 'first', bytes(1, 2, 3))
  t.deepEqual(transfers.read('first', 1), E.right(bytes(2, 3)))
  t.true(E.isLeft(transfers.read('other', 0)))
  transfers.offer('a', 'second', bytes(4))
  t.true(E.isLeft(transfers.read('first', 0)))
  transfers.forget('a')
  t.true(E.isLeft(transfers.read('second', 0)))
})

testProp('no number is a place that it is not', [fc.double()], (t, offset) => {
  const transfers = backupTransfers()
  transfers.offer('a', 'b', bytes(1, 2, 3))
  const isPlace = Number.isSafeInteger(offset) && offset >= 0
  t.is(E.isRight(transfers.read('b', offset)), isPlace)
  t.is(E.isRight(transfers.write('a', 'b', offset, bytes(1))), offset === 0)
})
