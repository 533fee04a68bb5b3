import type { BackupId, ClusterId, HsmId } from '@hsmlab/domain'
import type { Random } from '@hsmlab/ports'

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const ID_LENGTH = 11
/** Hex digits of the ids that EC2 gives: `eni-`, `sg-`. */
const EC2_ID_LENGTH = 17
/** Handles are lane × 2^24 + counter, and stay safe integers. */
const LANE_BYTES = 3

const drawn = (random: Random, prefix: string): string =>
  `${prefix}-${[...random.bytes(ID_LENGTH)].map((byte) => BASE32.charAt(byte & 31)).join('')}`

const drawnEc2 = (random: Random, prefix: string): string =>
  `${prefix}-${[...random.bytes(EC2_ID_LENGTH)].map((byte) => (byte & 15).toString(16)).join('')}`

export const drawClusterId = (random: Random): ClusterId => drawn(random, 'cluster') as ClusterId
export const drawHsmId = (random: Random): HsmId => drawn(random, 'hsm') as HsmId
export const drawBackupId = (random: Random): BackupId => drawn(random, 'backup') as BackupId
export const drawEniId = (random: Random): string => drawnEc2(random, 'eni')
export const drawSecurityGroup = (random: Random): string => drawnEc2(random, 'sg')

/** 1 to 2^24 - 1: random, so that clusters from one backup do not give the same handle to different keys. */
export const drawLane = (random: Random): number => {
  const lane = random.bytes(LANE_BYTES).reduce((value, byte) => value * 256 + byte, 0)
  return lane === 0 ? drawLane(random) : lane
}
