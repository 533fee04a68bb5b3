import test from 'ava'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { nobleEngine } from '@hsmlab/crypto/noble'
import type { AvailabilityZone, HsmId } from '@hsmlab/domain'
import { toBase64 } from '@hsmlab/event-sourcing'
import type { Bus } from '@hsmlab/ports'
import { memoryLogger, seededRandom } from '@hsmlab/ports/memory'
import { decodeLogRequest, encodeLogRun, logAnswerStatement, type Member } from '@hsmlab/protocol'
import { peerHeads } from '../../src/hsm/peer-heads.ts'

const random = seededRandom('peer-heads')
const engine = nobleEngine({ random })
const keys = engine.ed25519.generate()
const PEER: Member = {
  hsmId: 'hsm-bbbbbbbbbbb' as HsmId,
  availabilityZone: 'us-east-1b' as AvailabilityZone,
  eniIp: '10.0.2.10',
  lane: 2,
  identityKey: toBase64(keys.publicKey),
}

/** A peer whose log is as long as it says, and a bus that leads to it. */
const lab = () => {
  const logger = memoryLogger()
  const heads = peerHeads({ engine, logger, random }, 'hsm-aaaaaaaaaaa' as HsmId)
  let older: Uint8Array | undefined
  const answerTo = (question: Uint8Array, length: number, fill: number): Uint8Array => {
    const { nonce = new Uint8Array(16) } = decodeLogRequest(question) ?? {}
    const hash = new Uint8Array(32).fill(fill)
    const signature = engine.ed25519.sign(keys.privateKey, logAnswerStatement(PEER.hsmId, nonce, length, hash))
    return encodeLogRun({ from: length, records: [], head: { length, hash, signature } })
  }
  const busTo = (answer: (question: Uint8Array) => Uint8Array) =>
    ({ request: (_to: string, question: Uint8Array) => TE.right(answer(question)) }) as unknown as Bus
  return {
    accusations: () => logger.lines.filter(({ message }) => message.includes('another history')).length,
    says: (length: number, fill = 0) =>
      heads.ask(
        busTo((question) => (older = answerTo(question, length, fill))),
        PEER,
      ),
    saidBefore: () =>
      heads.ask(
        busTo(() => older ?? new Uint8Array(0)),
        PEER,
      ),
  }
}

test('a peer that signs a longer log than before is believed', async (t) => {
  const { says, accusations } = lab()
  t.is((await says(3))?.length, 3)
  t.is((await says(5, 1))?.length, 5)
  t.is(accusations(), 0)
})

test('a peer whose log is shorter than it signed before, or another one, went back', async (t) => {
  for (const [length, fill] of [
    [3, 0],
    [5, 1],
  ] as const) {
    const { says, accusations } = lab()
    await says(5)
    await says(length, fill)
    t.is(accusations(), 1)
  }
})

test('what a peer said before is not what it says now, and accuses nobody', async (t) => {
  const { says, saidBefore, accusations } = lab()
  await says(3)
  t.is(await saidBefore(), undefined)
  t.is(accusations(), 0)
})
