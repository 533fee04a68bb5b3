import * as E from 'fp-ts/lib/Either.js'
import type { ClusterClient } from '@hsmlab/client'
import { mechanismInfo, mechanismTypes } from '@hsmlab/crypto'
import { CKF } from '@hsmlab/pkcs11'
import type { HsmInfo } from '@hsmlab/protocol'
import { DONE, refuse } from '../answer.ts'
import { UNAVAILABLE } from '../attribute.ts'
import type { CryptokiConnection } from '../connection-face.ts'
import type { LibraryInfo, SlotInfo, TokenInfo, Version } from '../infos.ts'
import { SESSIONS_MAX } from '../settings.ts'
import { type Connection, onSlot, openToken, slotClient } from './state.ts'

const MANUFACTURER = 'hsmlab'
/** `<user>:<password>`: 1 to 31 and 8 to 32 characters. */
const PIN_BYTES_MIN = 10
const PIN_BYTES_MAX = 64

const LIBRARY_INFO: LibraryInfo = {
  cryptokiVersion: { major: 2, minor: 40 },
  manufacturerId: MANUFACTURER,
  flags: 0,
  libraryDescription: 'CloudHSM on your own machine',
  libraryVersion: { major: 0, minor: 1 },
}

const NO_VERSION: Version = { major: 0, minor: 0 }

/** Version parts are bytes in PKCS#11 and decimal texts in hsm-info; a build number may be longer. */
const versionOf = (major: string | undefined, minor: string | undefined): Version => ({
  major: Math.min(Number.parseInt(major ?? '0', 10) || 0, 255),
  minor: Math.min(Number.parseInt(minor ?? '0', 10) || 0, 255),
})

const hardwareVersion = (info: HsmInfo | undefined): Version =>
  versionOf(info?.hardwareVersionMajor, info?.hardwareVersionMinor)
const firmwareVersion = (info: HsmInfo | undefined): Version =>
  versionOf(info?.firmwareVersionMajor, info?.firmwareVersionMinor)

const slotInfo = (client: ClusterClient): SlotInfo => ({
  slotDescription: `CloudHSM ${client.clusterId() ?? ''}`,
  manufacturerId: MANUFACTURER,
  flags: CKF.CKF_TOKEN_PRESENT | CKF.CKF_HW_SLOT,
  hardwareVersion: NO_VERSION,
  firmwareVersion: NO_VERSION,
})

/** Of a new SDK 5 installation the token's label is `hsm1`: public configurations name it so. */
const tokenInfo = (connection: Connection, slotId: number, info: HsmInfo | undefined): TokenInfo => {
  const sessions = [...(connection.tokens.get(slotId)?.sessions.values() ?? [])]
  return {
    label: `hsm${slotId}`,
    manufacturerId: info?.vendor ?? MANUFACTURER,
    model: info?.model ?? '',
    serialNumber: info?.serialNumber ?? '',
    flags: CKF.CKF_RNG | CKF.CKF_LOGIN_REQUIRED | CKF.CKF_USER_PIN_INITIALIZED | CKF.CKF_TOKEN_INITIALIZED,
    maxSessionCount: SESSIONS_MAX,
    sessionCount: sessions.length,
    maxRwSessionCount: SESSIONS_MAX,
    rwSessionCount: sessions.filter(({ readWrite }) => readWrite).length,
    maxPinLength: PIN_BYTES_MAX,
    minPinLength: PIN_BYTES_MIN,
    totalPublicMemory: UNAVAILABLE,
    freePublicMemory: UNAVAILABLE,
    totalPrivateMemory: UNAVAILABLE,
    freePrivateMemory: UNAVAILABLE,
    hardwareVersion: hardwareVersion(info),
    firmwareVersion: firmwareVersion(info),
    utcTime: '',
  }
}

/** Ends all that the program has: PKCS#11 v2.40 §5.4 C_Finalize. */
const finalize = async (connection: Connection): Promise<void> => {
  const tokens = [...connection.tokens.values()]
  connection.initialized = false
  connection.tokens.clear()
  connection.sessions.clear()
  await Promise.all(tokens.map(({ application }) => application.close()))
}

type LibraryCalls = Pick<
  CryptokiConnection,
  | 'C_Initialize'
  | 'C_Finalize'
  | 'C_GetInfo'
  | 'C_GetSlotList'
  | 'C_GetSlotInfo'
  | 'C_GetTokenInfo'
  | 'C_GetMechanismList'
  | 'C_GetMechanismInfo'
  | 'close'
>

export const libraryCalls = (connection: Connection): LibraryCalls => {
  const { shared } = connection
  const learn = (slotId: number, client: ClusterClient): Promise<HsmInfo | undefined> =>
    shared.facts.learn(client, openToken(connection, slotId, client).application)

  return {
    C_Initialize: () => {
      if (connection.initialized) return refuse('CKR_CRYPTOKI_ALREADY_INITIALIZED')
      connection.initialized = true
      return DONE
    },
    C_Finalize: async () => {
      if (!connection.initialized) return refuse('CKR_CRYPTOKI_NOT_INITIALIZED')
      await finalize(connection)
      return DONE
    },
    C_GetInfo: () => (connection.initialized ? E.right(LIBRARY_INFO) : refuse('CKR_CRYPTOKI_NOT_INITIALIZED')),
    // The token of a slot is always present.
    C_GetSlotList: () => {
      if (!connection.initialized) return refuse('CKR_CRYPTOKI_NOT_INITIALIZED')
      const slotIds = connection.clients.map((_, index) => index + 1)
      return E.right(slotIds.filter((slotId) => slotClient(connection, slotId) !== undefined))
    },
    C_GetSlotInfo: (slotId) => onSlot(connection, slotId, (client) => E.right(slotInfo(client))),
    C_GetTokenInfo: (slotId) =>
      onSlot(connection, slotId, async (client) => {
        const info = await learn(slotId, client)
        return E.right(tokenInfo(connection, slotId, info))
      }),
    C_GetMechanismList: (slotId) =>
      onSlot(connection, slotId, async (client) => {
        await learn(slotId, client)
        return E.right(mechanismTypes(shared.facts.mode(client)))
      }),
    C_GetMechanismInfo: (slotId, type) =>
      onSlot(connection, slotId, async (client) => {
        await learn(slotId, client)
        const info = mechanismInfo(type, shared.facts.mode(client))
        return info === undefined ? refuse('CKR_MECHANISM_INVALID') : E.right(info)
      }),
    close: () => finalize(connection),
  }
}
