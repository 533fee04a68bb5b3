import * as E from 'fp-ts/lib/Either.js'
import type { Application } from '@hsmlab/client'
import type { MechanismFacts } from '@hsmlab/crypto'
import type { Mechanism } from '@hsmlab/pkcs11'
import { type Answer, DONE, refuse, type Reply } from '../answer.ts'
import type { Output, Room } from '../output.ts'
import type { KeyObject } from '../session/object-table.ts'
import type { HashEngine } from '../settings.ts'
import { createMessageParts, type MessageParts } from './message-parts.ts'
import type { SignOperation, VerifyOperation } from './operation.ts'
import { digestCall, ONE_CALL_BYTES_MAX, type SignatureCall, signatureLength, wholeCall } from './signature.ts'

/** What an operation on a key needs. */
export type KeyOperation = Readonly<{
  application: Application
  engine: HashEngine
  key: KeyObject
  mechanism: Mechanism
  facts: MechanismFacts
}>

type Parts = Readonly<{
  /** The parts that were added, if any were. */
  begun: () => boolean
  add: (part: Uint8Array) => Answer<void>
  call: (operation: KeyOperation) => Answer<SignatureCall>
}>

/** The parts of a message, and the one call that they become. */
const partsOf = ({ engine, facts }: KeyOperation): Parts => {
  let parts: MessageParts | undefined
  const all = (): MessageParts => {
    const isHashed = facts.hash !== undefined && facts.algorithm !== 'hmac'
    parts ??= createMessageParts(engine, isHashed ? facts.hash : undefined, ONE_CALL_BYTES_MAX)
    return parts
  }
  return {
    begun: () => parts !== undefined,
    add: (part) => {
      if (facts.parts === 'single') return refuse('CKR_MECHANISM_INVALID')
      if (facts.limitBytes !== undefined && all().length() + part.length > facts.limitBytes) {
        return refuse('CKR_DATA_LEN_RANGE')
      }
      all().add(part)
      return DONE
    },
    call: ({ mechanism }) => {
      if (facts.parts === 'single') return refuse('CKR_MECHANISM_INVALID')
      const message = all().message()
      return message._tag === 'digest'
        ? E.right(digestCall(mechanism, message.bytes))
        : wholeCall(engine, mechanism, message.bytes)
    },
  }
}

const isTooLong = ({ limitBytes }: MechanismFacts, message: Uint8Array): boolean =>
  limitBytes !== undefined && message.length > limitBytes

/** The length of a signature is known beforehand, so the HSM is asked once, when there is room for what it answers. */
export const signOperation = (operation: KeyOperation): SignOperation => {
  const { application, engine, key, mechanism, facts } = operation
  const length = signatureLength(facts, key.shape)
  const parts = partsOf(operation)

  const sign = (call: Answer<SignatureCall>): Reply<Output> =>
    E.isLeft(call) ? call : application.sign(key.handle, call.right.mechanism, call.right.input)
  const lacksRoom = (room: Room): boolean => room === undefined || room < length

  return {
    whole: (message, room) => {
      if (parts.begun()) return refuse('CKR_OPERATION_ACTIVE')
      if (isTooLong(facts, message)) return refuse('CKR_DATA_LEN_RANGE')
      return lacksRoom(room) ? E.right(length) : sign(wholeCall(engine, mechanism, message))
    },
    update: parts.add,
    final: (room) => {
      if (facts.parts === 'multi' && lacksRoom(room)) return E.right(length)
      return sign(parts.call(operation))
    },
  }
}

export const verifyOperation = (operation: KeyOperation): VerifyOperation => {
  const { application, engine, key, mechanism, facts } = operation
  const length = signatureLength(facts, key.shape)
  const parts = partsOf(operation)

  const verify = (call: Answer<SignatureCall>, signature: Uint8Array): Reply<void> => {
    if (E.isLeft(call)) return call
    if (signature.length !== length) return refuse('CKR_SIGNATURE_LEN_RANGE')
    return application.verify(key.handle, call.right.mechanism, call.right.input, signature)
  }

  return {
    whole: (message, signature) => {
      if (parts.begun()) return refuse('CKR_OPERATION_ACTIVE')
      if (isTooLong(facts, message)) return refuse('CKR_DATA_LEN_RANGE')
      return verify(wholeCall(engine, mechanism, message), signature)
    },
    update: parts.add,
    final: (signature) => verify(parts.call(operation), signature),
  }
}
