import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { openPeerMessage, sealPeerMessage } from '../../src/peer/envelope.ts'
import { answerer, asker, clusterId } from './peers.ts'

const mac = new Uint8Array(32).fill(0xee)
const message = {
  clusterId,
  sender: asker,
  receiver: answerer,
  nonce: Uint8Array.from({ length: 16 }, (_, i) => i),
  kind: 'fetch',
  body: Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 1),
} as const
const address = { clusterId, receiver: answerer, isPeer: () => true }

test('the bytes of a message: version, kind, cluster, sender, receiver, nonce, body, MAC', (t) => {
  const text = (value: string) => [0, 0, 0, value.length, ...Buffer.from(value)]
  t.deepEqual(
    [...sealPeerMessage(() => mac, message)],
    [
      1,
      5,
      ...text('cluster-aaaaaaaaaaa'),
      ...text('hsm-aaaaaaaaaaa'),
      ...text('hsm-bbbbbbbbbbb'),
      ...message.nonce,
      ...text(String.fromCharCode(...message.body)),
      ...mac,
    ],
  )
})

test('the MAC covers every byte before it', (t) => {
  let covered: Uint8Array | undefined
  const sealed = sealPeerMessage((bytes) => {
    covered = bytes
    return mac
  }, message)
  t.deepEqual(covered, sealed.subarray(0, sealed.length - 32))
})

test('a message is opened as it was sealed', (t) => {
  const opened = openPeerMessage(
    () => mac,
    address,
    sealPeerMessage(() => mac, message),
  )
  t.deepEqual(opened, E.right(message))
})

test('another version, an unknown kind and bytes behind the MAC are malformed', (t) => {
  const sealed = sealPeerMessage(() => mac, message)
  for (const bytes of [sealed.with(0, 2), sealed.with(1, 7), sealed.with(1, 0), Uint8Array.of(...sealed, 0)]) {
    t.deepEqual(
      openPeerMessage(() => mac, address, bytes),
      E.left({ _tag: 'Malformed' }),
    )
  }
})
