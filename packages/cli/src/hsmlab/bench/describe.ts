import { textTable } from '../../shared/table.ts'
import { type Figures, median, type Rate, type TargetRate } from './figures.ts'
import { NAMES } from './load.ts'

const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
const millis = (values: ReadonlyArray<number>): string => `${whole(median(values))} ms`

const HEADER = ['CALLS PER SECOND', 'FROM', 'EMBEDDED', 'P50 µs', 'P99 µs', 'SOFTHSM2', 'P50 µs', 'RATIO', 'OVER NATS']

const row = ({ operation, mode, workers, embedded, softHsm, overNats }: Rate): ReadonlyArray<string> => {
  const rateOf = (target: TargetRate | undefined): string => (target === undefined ? '-' : whole(target.perSecond))
  return [
    NAMES[operation],
    `${workers} ${workers === 1 ? mode.replace(/e?s$/, '') : mode}`,
    rateOf(embedded),
    whole(embedded.p50Micros),
    whole(embedded.p99Micros),
    rateOf(softHsm),
    softHsm === undefined ? '-' : whole(softHsm.p50Micros),
    softHsm === undefined ? '-' : softHsm.ratio.toFixed(2),
    rateOf(overNats),
  ]
}

/** The figures for people. */
export const figuresText = (figures: Figures): string => {
  const { machine, rounds, secondsEach, rates, readyMillis, zoneLoss, replay, memoryPerThousandKeysBytes } = figures
  const { pausesMillis, failed } = zoneLoss
  const times = pausesMillis.length
  const others = [
    ['Start to ready', `${millis(readyMillis.first)} the first time, ${millis(readyMillis.again)} again`],
    [
      'A zone dies while one thread signs',
      `${millis(pausesMillis)} without service, at most ${whole(Math.max(...pausesMillis))} ms in ${times}; ${failed} failed`,
    ],
    [
      'Replay with every integrity check',
      `${whole(replay.mixed)} events/s, one in ten with a key; ${whole(replay.sessions)} of sessions alone, ${whole(replay.keys)} of keys alone (logs of ${whole(replay.events)})`,
    ],
    ['Resident memory', `${(memoryPerThousandKeysBytes / 2 ** 20).toFixed(1)} MiB per 1,000 keys on three HSMs`],
  ]
  const { cores, processor, node, loadBefore } = machine
  return [
    textTable([HEADER, ...rates.map(row)]),
    '',
    textTable(others),
    '',
    `${cores} cores of ${processor}, Node ${node}, load ${loadBefore.toFixed(1)} before. Medians of ${rounds} × ${secondsEach} s;`,
    'all targets and the load generator on this one machine, one target at a time.',
  ].join('\n')
}
