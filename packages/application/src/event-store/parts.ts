import type { Disk } from '@hsmlab/ports'
import type { HasSha256, Mac, Seal } from './seal.ts'

export type HasDisk = Readonly<{ disk: Disk }>

/** What every part of one log works with. */
export type Parts = HasDisk & HasSha256 & Readonly<{ mac: Mac; seal: Seal; identity: string; genesis: Uint8Array }>
