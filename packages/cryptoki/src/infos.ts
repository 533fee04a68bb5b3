/** The structures that C_Get…Info fill (PKCS#11 v2.40 §3), in the order of their fields. */
export type Version = Readonly<{ major: number; minor: number }>

export type LibraryInfo = Readonly<{
  cryptokiVersion: Version
  manufacturerId: string
  flags: number
  libraryDescription: string
  libraryVersion: Version
}>

export type SlotInfo = Readonly<{
  slotDescription: string
  manufacturerId: string
  flags: number
  hardwareVersion: Version
  firmwareVersion: Version
}>

export type TokenInfo = Readonly<{
  label: string
  manufacturerId: string
  model: string
  serialNumber: string
  flags: number
  maxSessionCount: number
  sessionCount: number
  maxRwSessionCount: number
  rwSessionCount: number
  maxPinLength: number
  minPinLength: number
  totalPublicMemory: number
  freePublicMemory: number
  totalPrivateMemory: number
  freePrivateMemory: number
  hardwareVersion: Version
  firmwareVersion: Version
  utcTime: string
}>

export type SessionInfo = Readonly<{ slotId: number; state: number; flags: number; deviceError: number }>
