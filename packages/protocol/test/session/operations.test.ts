import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { channelPrologue, controlPrologue, JSON_OPERATIONS, OPERATION, staticKeyStatement } from '../../src/index.ts'

test('every operation has its own code', (t) => {
  const codes: ReadonlyArray<number> = Object.values(OPERATION)
  t.is(new Set(codes).size, codes.length)
})

test('operations with a JSON body are those with codes above 31', (t) => {
  for (const [name, code] of Object.entries(OPERATION)) t.is(code > 31, name in JSON_OPERATIONS, name)
})

test('members that an operation does not have are dropped at the door', (t) => {
  const decoded = JSON_OPERATIONS.getKey.request.decode({ handle: 1, password: 'p' })
  t.deepEqual(decoded, E.right({ handle: 1 as never }))
})

test('what is signed and bound names its purpose and version first', (t) => {
  const [cluster, hsm] = ['cluster-aaaaaaaaaaa', 'hsm-aaaaaaaaaaa']
  t.is(channelPrologue(cluster, hsm), 'hsmlab channel 1\ncluster-aaaaaaaaaaa\nhsm-aaaaaaaaaaa\n')
  t.is(staticKeyStatement(cluster, hsm, 'AAAA'), 'hsmlab static key 1\ncluster-aaaaaaaaaaa\nhsm-aaaaaaaaaaa\nAAAA\n')
  t.is(controlPrologue('us-east-1a'), 'hsmlab control 1\nus-east-1a\n')
})
