import { createPublicKey, verify } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import {
  type AuditFinding,
  type AuditHead,
  auditHeadStatement,
  type ChainedAuditRecord,
  describeAuditFinding,
  type HsmId,
  verifyAuditChain,
} from '@hsmlab/domain'
import { fromBase64, utf8Bytes } from '@hsmlab/event-sourcing'
import type { SignedAuditHead } from '@hsmlab/protocol/local'
import { EXIT, type Outcome, told } from '../outcome.ts'
import { keptAudit } from './collect.ts'

/** What the audit log of one HSM is worth. `signedUpTo`: so many records its own signature vouches for. */
export type AuditVerdict = Readonly<{
  hsmId: HsmId
  records: number
  signedUpTo: number
  forgedHeads: number
  findings: ReadonlyArray<AuditFinding>
}>

/** SubjectPublicKeyInfo of an Ed25519 key up to the key itself (RFC 8410 §4). */
const ED25519_SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** Whether the HSM signed the head. */
export const isSigned = ({ head, identityKey, signature }: SignedAuditHead): boolean => {
  try {
    const der = Buffer.concat([ED25519_SPKI_PREFIX, fromBase64(identityKey)])
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    return verify(null, utf8Bytes(auditHeadStatement(head)), key, fromBase64(signature))
  } catch {
    return false // No key, or no signature.
  }
}

/** Judges all logs: those of which records were found, and those of which only heads are left. */
export const judgeAudit = (
  records: ReadonlyArray<ChainedAuditRecord>,
  heads: ReadonlyArray<SignedAuditHead>,
): ReadonlyArray<AuditVerdict> => {
  const hsmIds = new Set([...records.map(({ record }) => record.hsmId), ...heads.map(({ head }) => head.hsmId)])
  return [...hsmIds].sort().map((hsmId) => {
    const own = records.filter(({ record }) => record.hsmId === hsmId)
    const ownHeads = heads.filter(({ head }) => head.hsmId === hsmId)
    const signed: ReadonlyArray<AuditHead> = ownHeads.filter(isSigned).map(({ head }) => head)
    return {
      hsmId,
      records: own.length,
      signedUpTo: signed.reduce((length, head) => Math.max(length, head.length), 0),
      forgedHeads: ownHeads.length - signed.length,
      findings: verifyAuditChain(hsmId, own, signed),
    }
  })
}

const isSound = ({ findings, forgedHeads }: AuditVerdict): boolean => findings.length === 0 && forgedHeads === 0

const verdictText = (verdict: AuditVerdict): string => {
  const { hsmId, records, signedUpTo, forgedHeads, findings } = verdict
  const lines = findings.map((finding) => `  ${describeAuditFinding(finding)}`)
  if (forgedHeads > 0) lines.push('  a head does not bear the signature of the HSM')
  const state = isSound(verdict) ? 'complete and unaltered' : 'NOT SOUND'
  return [`${hsmId}  ${records} records, ${signedUpTo} of them under its signature: ${state}`, ...lines].join('\n')
}

/** Holds the kept audit records against their chain and against the heads that the HSMs signed. */
export const auditVerify = async (dataDirectory: string): Promise<Outcome> => {
  const kept = await keptAudit(dataDirectory)
  if (E.isLeft(kept)) return kept
  const verdicts = judgeAudit(kept.right.records, kept.right.heads)
  const sound = verdicts.every(isSound)
  const text = verdicts.length === 0 ? 'There are no audit records yet.' : verdicts.map(verdictText).join('\n')
  return E.right(told({ sound, hsms: verdicts }, text, sound ? EXIT.done : EXIT.differs))
}
