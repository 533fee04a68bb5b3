import test from 'ava'
import { fc, testProp } from '@fast-check/ava'
import {
  bodyMessage,
  decodeReplies,
  decodeRequests,
  encodeReplies,
  encodeRequests,
  messageBody,
} from '../../src/index.ts'

const u32 = fc.nat(0xffff_ffff)
const body = fc.uint8Array({ maxLength: 40 })
const request = fc.record({ requestId: u32, operation: fc.nat(255), session: u32, body })
const reply = fc.record({ requestId: u32, ckr: u32, hsmReturn: u32, body })

testProp('requests that share a frame come out in their order', [fc.array(request)], (t, requests) => {
  t.deepEqual(decodeRequests(encodeRequests(requests)), requests)
})

testProp('replies that share a frame come out in their order', [fc.array(reply)], (t, replies) => {
  t.deepEqual(decodeReplies(encodeReplies(replies)), replies)
})

testProp(
  'a frame that was cut is none',
  [fc.array(request, { minLength: 1 }), fc.nat(), reply],
  (t, requests, cut, answer) => {
    const frame = encodeRequests(requests)
    const boundaries = new Set(requests.map((_, i) => encodeRequests(requests.slice(0, i)).length))
    const at = cut % frame.length
    fc.pre(!boundaries.has(at))
    t.is(decodeRequests(frame.subarray(0, at)), undefined)
    const replies = encodeReplies([answer])
    t.is(decodeReplies(replies.subarray(0, replies.length - 1)), undefined)
  },
)

testProp('random bytes never throw', [fc.uint8Array({ maxLength: 100 })], (t, bytes) => {
  t.notThrows(() => [decodeRequests(bytes), decodeReplies(bytes), bodyMessage(bytes)])
})

test('a message for people survives, and what is no UTF-8 says nothing', (t) => {
  t.is(bodyMessage(messageBody('Schlüssel fehlt')), 'Schlüssel fehlt')
  t.is(bodyMessage(Uint8Array.of(0xff)), '')
})
