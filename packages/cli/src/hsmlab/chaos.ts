import * as E from 'fp-ts/lib/Either.js'
import { AvailabilityZoneCodec, HsmIdCodec } from '@hsmlab/domain'
import { type ControlClient, withControl } from './control.ts'
import { type Outcome, type Problem, told } from './outcome.ts'

type Reached = Readonly<{ hsmIds: ReadonlyArray<string> }>

const notAn = (what: string, text: string): E.Either<Problem, never> =>
  E.left({ code: 'InvalidArgument', message: `${text} is not ${what}` })

const hsms = ({ hsmIds }: Reached): string => (hsmIds.length === 0 ? 'no HSM' : hsmIds.join(', '))

const reached =
  (sentence: (hsms: string) => string) =>
  (answer: E.Either<Problem, Reached>): Outcome =>
    E.isLeft(answer) ? answer : E.right(told(answer.right, sentence(hsms(answer.right))))

export const killZone = async (dataDirectory: string, zone: string): Promise<Outcome> => {
  const availabilityZone = AvailabilityZoneCodec.decode(zone)
  if (E.isLeft(availabilityZone)) return notAn('an Availability Zone, such as us-east-1a', zone)
  return withControl(dataDirectory, async (control) =>
    reached((names) => `Zone ${zone} is gone: ${names}. Give it back with: hsmlab chaos heal ${zone}`)(
      await control.call('chaosKillAz', { availabilityZone: availabilityZone.right }),
    ),
  )
}

export const killHsm = async (dataDirectory: string, name: string): Promise<Outcome> => {
  const hsmId = HsmIdCodec.decode(name)
  if (E.isLeft(hsmId)) return notAn('an HSM id, such as hsm-abcdefghijk', name)
  return withControl(dataDirectory, async (control) =>
    reached((names) => `Gone: ${names}. Give it back with: hsmlab chaos heal ${name}`)(
      await control.call('chaosKillHsm', { hsmId: hsmId.right }),
    ),
  )
}

const healed = async (control: ControlClient, what: string | undefined): Promise<Outcome> => {
  const say = reached((names) => `Back: ${names}.`)
  if (what === undefined) return say(await control.call('chaosHeal', {}))
  const zone = AvailabilityZoneCodec.decode(what)
  if (E.isRight(zone)) return say(await control.call('chaosHeal', { availabilityZone: zone.right }))
  const hsmId = HsmIdCodec.decode(what)
  if (E.isRight(hsmId)) return say(await control.call('chaosHeal', { hsmId: hsmId.right }))
  return notAn('an Availability Zone or an HSM id', what)
}

/** Gives back a zone or an HSM; everything when `what` is left out. */
export const heal = (dataDirectory: string, what: string | undefined): Promise<Outcome> =>
  withControl(dataDirectory, (control) => healed(control, what))

export const chaosList = (dataDirectory: string): Promise<Outcome> =>
  withControl(dataDirectory, async (control): Promise<Outcome> => {
    const answer = await control.call('chaosList', {})
    if (E.isLeft(answer)) return answer
    const { killedZones, killedHsms } = answer.right
    const lines = [...killedZones.map((zone) => `zone  ${zone}`), ...killedHsms.map((hsmId) => `hsm   ${hsmId}`)]
    return E.right(told(answer.right, lines.length === 0 ? 'Nothing was taken away.' : lines.join('\n')))
  })
