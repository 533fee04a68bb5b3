import type { AvailabilityZone } from '@hsmlab/domain'
import { EVERYWHERE, type LinkFaults, type Zone } from '../bus/network.ts'
import type { Damage } from '../cluster/machine.ts'
import { CLIENT_ZONE, ZONES } from '../cluster/places.ts'
import type { Dice } from '../random/dice.ts'
import type { Fault, FaultStep } from './steps.ts'

export type FaultPlanPart = Readonly<{
  durationMillis: number
  /** When programs ask for something: near these moments there is most to break. */
  workAt: ReadonlyArray<number>
  /** The only AZ that may suffer. */
  sufferer: AvailabilityZone | undefined
  firstId: number
}>

const COUNT = [1, 6] as const
/** So many faults strike while a program waits for an answer, within so many milliseconds of its question. */
const AIMED = 0.6
const AIM_MILLIS = 60
/** Of all histories, so many lose the storage of one AZ for good. */
const STORAGE_LOST = 0.15
/** In microseconds: seconds, and more days than HSMs accept of each other. */
const CLOCK_JUMPS: readonly [number, ...number[]] = [5_000_000, 5_000_000, 3 * 86_400_000_000]
const DAMAGES: readonly [Damage, ...Damage[]] = ['gone', 'emptied', 'deleted', 'rotten', 'holed', 'rolled-back']

/** Each kind of fault has this chance to be part of a history at all: a history of one kind goes deeper. */
const ENABLED = 0.5

type Draw = (dice: Dice, zone: AvailabilityZone) => Fault

const outage = (dice: Dice): number => Math.round(dice.happens(0.3) ? dice.between(20, 300) : dice.between(300, 3000))

type Links = ReadonlyArray<readonly [Zone, Zone]>

const isolation = (dice: Dice, zone: Zone): Links =>
  dice.pick<Links>([
    [
      [zone, EVERYWHERE],
      [EVERYWHERE, zone],
    ],
    [[EVERYWHERE, zone]],
    [[zone, EVERYWHERE]],
    [
      [zone, CLIENT_ZONE],
      [CLIENT_ZONE, zone],
    ],
    [[CLIENT_ZONE, zone]],
  ])

/** Faults of one AZ. */
const LOCAL: ReadonlyArray<Draw> = [
  (dice, zone) => ({ type: 'kill', zones: [zone], millis: outage(dice) }),
  (dice, zone) => ({ type: 'lose-power', zones: [zone], proxy: false, millis: outage(dice) }),
  (dice, zone) => ({ type: 'crash-hsm', zone, millis: outage(dice) }),
  (dice, zone) => ({ type: 'cut', links: isolation(dice, zone), millis: outage(dice) }),
  (dice, zone) => ({ type: 'disk-full', zone, millis: Math.round(dice.between(1, 400)) }),
  (dice, zone) => ({ type: 'disk-error', zone, millis: Math.round(dice.between(1, 100)) }),
  (dice, zone) => ({ type: 'disk-slow', zones: [zone], factor: dice.pick([10, 50, 300]), millis: outage(dice) }),
  (dice, zone) => ({ type: 'shift-clock', zone, micros: Math.round(dice.between(-1, 1) * dice.pick(CLOCK_JUMPS)) }),
]

const weather = (dice: Dice): Fault => ({
  type: 'weather',
  faults: dice.pick<Partial<LinkFaults>>([
    { loss: dice.between(0.02, 0.4) },
    { duplicate: dice.between(0.05, 0.6) },
    { reorder: dice.between(0.1, 0.8), delayMax: 20 },
    { delayMin: 1, delayMax: dice.pick([10, 80, 400]) },
    { loss: 0.1, duplicate: 0.1, reorder: 0.3, delayMax: 40 },
    { replay: dice.between(0.02, 0.5) },
    { alter: dice.between(0.01, 0.3) },
    { alter: 0.05, replay: 0.2, loss: 0.05 },
  ]),
  millis: outage(dice),
})

const otherThan = (dice: Dice, zone: AvailabilityZone): AvailabilityZone => {
  const others = ZONES.filter((other) => other !== zone)
  return others[dice.below(others.length)] ?? zone
}

/** Faults of several AZs, or of what stands outside of them. */
const GLOBAL: ReadonlyArray<Draw> = [
  weather,
  (dice) => ({ type: 'lose-power', zones: ZONES, proxy: dice.happens(0.5), millis: outage(dice) }),
  (dice) => ({ type: 'kill', zones: ZONES, millis: outage(dice) }),
  (dice) => ({ type: 'disk-slow', zones: ZONES, factor: dice.pick([20, 100]), millis: outage(dice) }),
  (dice, zone) => ({ type: 'lose-power', zones: [zone, otherThan(dice, zone)], proxy: false, millis: outage(dice) }),
  (dice, zone) => {
    const other = otherThan(dice, zone)
    const links = dice.pick<Links>([
      [
        [zone, other],
        [other, zone],
      ],
      [[zone, other]],
    ])
    return { type: 'cut', links, millis: outage(dice) }
  },
  (dice) => ({ type: 'cut', links: [[CLIENT_ZONE, EVERYWHERE]], millis: outage(dice) }),
  (dice) => ({ type: 'kill-proxy', millis: Math.round(dice.between(1, 800)) }),
  (dice) => ({ type: 'kill-audit', millis: outage(dice) }),
  () => ({ type: 'lose-feed' }),
  (dice) => ({ type: 'feed-down', millis: outage(dice) }),
]

/** So many machines that come back are struck again while they boot. */
const AFTERSHOCK = 0.35
const BOOT_MILLIS = 15

/** What strikes a machine that is just coming back. */
const aftershocks = (dice: Dice, at: number, fault: Fault): ReadonlyArray<Readonly<{ at: number; fault: Fault }>> => {
  if (fault.type !== 'kill' && fault.type !== 'lose-power') return []
  return fault.zones.flatMap((zone) => {
    if (!dice.happens(AFTERSHOCK)) return []
    const millis = Math.round(dice.between(1, 40))
    const again = dice.pick<Fault>([
      { type: 'disk-full', zone, millis },
      { type: 'disk-error', zone, millis },
      { type: 'kill', zones: [zone], millis },
      { type: 'lose-power', zones: [zone], proxy: false, millis },
    ])
    return [{ at: Math.round(at + fault.millis + dice.between(0, BOOT_MILLIS)), fault: again }]
  })
}

const momentOf = (dice: Dice, durationMillis: number, workAt: ReadonlyArray<number>): number => {
  const aim = workAt[dice.below(workAt.length)]
  const isAimed = aim !== undefined && dice.happens(AIMED)
  const at = isAimed ? aim + dice.between(0, AIM_MILLIS) : dice.between(0, durationMillis)
  return Math.round(Math.min(at, durationMillis * 0.95))
}

/** Draws which kinds of faults there are, then when each strikes and whom. At most one AZ ever loses its storage. */
export const planFaults = (
  dice: Dice,
  { durationMillis, sufferer, workAt, firstId }: FaultPlanPart,
): ReadonlyArray<FaultStep> => {
  const kinds = sufferer === undefined ? [...LOCAL, ...GLOBAL] : LOCAL
  const enabled = kinds.filter(() => dice.happens(ENABLED))
  const [one = weather, ...others] = enabled.length > 0 ? enabled : kinds
  const zoneOf = (): AvailabilityZone => sufferer ?? dice.pick(ZONES)
  const faults = Array.from({ length: Math.round(dice.between(COUNT[0], COUNT[1])) }, () =>
    dice.pick([one, ...others])(dice, zoneOf()),
  )
  if (dice.happens(STORAGE_LOST)) {
    faults.push({ type: 'lose-storage', zone: zoneOf(), how: dice.pick(DAMAGES), millis: outage(dice) })
  }
  const first = faults.map((fault) => ({ at: momentOf(dice, durationMillis, workAt), fault }))
  const struck = [...first, ...first.flatMap(({ at, fault }) => aftershocks(dice, at, fault))]
  return struck
    .filter(({ at }) => at < durationMillis)
    .map(({ at, fault }, i) => ({ kind: 'fault', id: firstId + i, at, fault }))
}
