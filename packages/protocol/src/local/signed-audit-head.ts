import * as t from 'io-ts'
import { Base64Codec } from '@hsmlab/event-sourcing'
import { AuditHead } from '@hsmlab/domain'

/** `signature`: Ed25519 of the HSM's `identityKey` over `auditHeadStatement(head)`. */
export const SignedAuditHead = t.strict({ head: AuditHead, identityKey: Base64Codec, signature: Base64Codec })
export type SignedAuditHead = t.TypeOf<typeof SignedAuditHead>
