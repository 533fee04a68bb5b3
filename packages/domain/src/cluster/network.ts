import { sha256 } from '@noble/hashes/sha2.js'
import { utf8Bytes } from '@hsmlab/event-sourcing'
import type { AvailabilityZone } from '../identifiers.ts'
import type { Subnet, Vpc, World } from './messages.ts'

/** AWS keeps the first four and the last address of a subnet for itself (Amazon VPC: "Subnet CIDR blocks"). */
const HOST_MIN = 4
const HOST_MAX = 254
/** Where a subnet that never had an HSM begins, so that addresses look like those of a network in use. */
const HOST_FIRST = 10

const hexDigest = (text: string): string =>
  [...sha256(utf8Bytes(text))].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** us-east-1a is number 1: the third octet of its subnet. */
const zoneNumber = (zone: AvailabilityZone): number => zone.charCodeAt(zone.length - 1) - 96

/**
 * The default VPC of a world: one subnet in each of its Availability Zones, `10.0.<zone>.0/24`. Its ids follow from
 * account, Region and zone, so that nobody has to ask EC2 for them: 12 digits of account, 4 of the Region, 1 of the zone.
 */
export const defaultVpc = ({ account, region }: World, zones: ReadonlyArray<AvailabilityZone>): Vpc => {
  const prefix = `${account}${hexDigest(region).slice(0, 4)}`
  return {
    vpcId: `vpc-${prefix}0`,
    subnets: zones
      .filter((zone) => zone.slice(0, -1) === region && zoneNumber(zone) <= 15)
      .map((zone) => ({
        subnetId: `subnet-${prefix}${zoneNumber(zone).toString(16)}`,
        availabilityZone: zone,
        networkPrefix: `10.0.${zoneNumber(zone)}.`,
      })),
  }
}

export const cidrOf = ({ networkPrefix }: Subnet): string => `${networkPrefix}0/24`

const OCTETS = /^(\d{1,3}\.\d{1,3}\.\d{1,3}\.)(\d{1,3})$/

/** The host number of an address of `subnet` that an ENI may have; `undefined` for any other text. */
export const hostIn = (subnet: Subnet, ipAddress: string): number | undefined => {
  const [, prefix, host] = OCTETS.exec(ipAddress) ?? []
  const number = Number(host)
  const isCanonical = prefix === subnet.networkPrefix && String(number) === host
  return isCanonical && number >= HOST_MIN && number <= HOST_MAX ? number : undefined
}

/** The next free host after `lastHost`, from the start again at the end; `undefined` when all are taken. */
export const nextHost = (lastHost: number | undefined, taken: ReadonlySet<number>): number | undefined => {
  const count = HOST_MAX - HOST_MIN + 1
  const first = lastHost === undefined ? HOST_FIRST : lastHost + 1
  for (let i = 0; i < count; i++) {
    const host = HOST_MIN + ((first - HOST_MIN + i) % count)
    if (!taken.has(host)) return host
  }
  return undefined
}

/** The address that a DUALSTACK interface has beside its IPv4 one: unique local, RFC 4193. */
export const ipV6Of = (subnet: Subnet, host: number): string => {
  const zone = subnet.networkPrefix.split('.')[2] ?? '0'
  return `fd00:0:0:${zone}::${host.toString(16)}`
}
