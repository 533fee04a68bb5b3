import test from 'ava'
import { storeFailure } from '../src/failure.ts'

const wrapped = (code: string, message: string): Error =>
  Object.assign(new Error('Database failed to open', { cause: Object.assign(new Error(message), { code }) }), {
    code: 'LEVEL_DATABASE_NOT_OPEN',
  })

test('a full disk is told from other I/O errors by what the system says of it', (t) => {
  const noSpace = Object.assign(new Error('IO error: 000003.log: No space left on device'), { code: 'LEVEL_IO_ERROR' })
  const broken = Object.assign(new Error('IO error: 000003.log: Input/output error'), { code: 'LEVEL_IO_ERROR' })
  t.deepEqual(storeFailure(noSpace), { _tag: 'StoreFull', cause: noSpace })
  t.deepEqual(storeFailure(broken), { _tag: 'StoreUnavailable', cause: broken })
  t.is(storeFailure(Object.assign(new Error('write'), { code: 'ENOSPC' }))._tag, 'StoreFull')
  t.is(storeFailure(Object.assign(new Error('write'), { code: 'EDQUOT' }))._tag, 'StoreFull')
})

test('the cause inside the wrapper of level decides', (t) => {
  t.is(storeFailure(wrapped('LEVEL_LOCKED', 'already held'))._tag, 'StoreLocked')
  t.is(storeFailure(wrapped('LEVEL_CORRUPTION', 'Corruption: bad record'))._tag, 'StoreDamaged')
})

test('a file of the database that is missing, or shorter than it was, damages it', (t) => {
  const gone = wrapped('LEVEL_IO_ERROR', 'IO error: MANIFEST-000002: No such file or directory')
  const short = wrapped('LEVEL_IO_ERROR', 'IO error: 000005.ldb: Invalid argument')
  t.is(storeFailure(gone)._tag, 'StoreDamaged')
  t.is(storeFailure(short)._tag, 'StoreDamaged')
  t.is(storeFailure(Object.assign(new Error('mkdir'), { code: 'ENOENT' }))._tag, 'StoreUnavailable')
})

test('what is thrown without being an error is a failure too', (t) => {
  t.deepEqual(storeFailure('out of order'), { _tag: 'StoreUnavailable', cause: 'out of order' })
})
