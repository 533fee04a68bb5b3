import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import { levelDisk } from '@hsmlab/adapter-leveldb'
import { AUDIT_LOG_IDENTITY, openEventStore, payloadOf } from '@hsmlab/application'
import type { ChainedAuditRecord } from '@hsmlab/domain'

type Right = <A>(either: E.Either<unknown, A>) => A

const right: Right = (either) => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left))
  return either.right
}

/** An event of the audit sink as it lies on its log. */
type Stored = {
  type: string
  version: number
  data: Readonly<{ hsmId?: string; audit?: ReadonlyArray<ChainedAuditRecord> }>
}

const primitives = { sha256: (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest()) }

const openStore = async (data: string, create: boolean) => {
  const keys = JSON.parse(await readFile(join(data, 'keys', 'audit-sink.json'), 'utf8')) as Readonly<{
    logMacKey: string
  }>
  const macKey = new Uint8Array(Buffer.from(keys.logMacKey, 'base64'))
  const env = { disk: levelDisk(join(data, 'audit')), primitives }
  return right(await openEventStore(env, { create, macKey, identity: AUDIT_LOG_IDENTITY })())
}

/**
 * What an insider can do who holds the audit sink's own keys: writes its whole log anew, chain and MACs included, with
 * the audit records of one HSM as `change` leaves them. What the HSMs signed it cannot forge.
 */
export const rewriteAudit = async (
  data: string,
  hsmId: string,
  change: (records: ReadonlyArray<ChainedAuditRecord>) => ReadonlyArray<ChainedAuditRecord>,
): Promise<void> => {
  const store = await openStore(data, false)
  const events: Stored[] = []
  right(
    await store.read(0, Infinity, (_position, record) => {
      events.push(JSON.parse(new TextDecoder().decode(payloadOf(record))) as Stored)
    })(),
  )
  right(await store.close()())
  await rm(join(data, 'audit'), { recursive: true })

  const isOfHsm = ({ type, data: { hsmId: whose } }: Stored): boolean => type === 'LogTaken' && whose === hsmId
  const changed = change(events.filter(isOfHsm).flatMap((event) => event.data.audit ?? []))
  let first = true
  const payloads = events.map((event) => {
    if (!isOfHsm(event)) return event
    // All of them in the first event, none in the others: the order is what counts.
    const audit = first ? changed : []
    first = false
    return { ...event, data: { ...event.data, audit } }
  })
  const fresh = await openStore(data, true)
  const appended = right(
    fresh.append(
      0,
      payloads.map((event) => new TextEncoder().encode(JSON.stringify(event))),
    ),
  )
  right(await appended.durable())
  right(await fresh.close()())
}
