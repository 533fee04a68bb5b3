import type { MechanismInfo } from '@hsmlab/crypto'
import type { LibraryInfo, SessionInfo, SlotInfo, TokenInfo } from '../infos.ts'
import { type Letter, padded, ulong, version } from './letter.ts'

/** Responses of several letters: PKCS#11's structures, field after field. */

export const nothing: Letter<void> = { text: '', read: () => undefined, write: () => undefined }

const string16 = padded(16)
const string32 = padded(32)
const string64 = padded(64)

export const libraryInfo: Letter<LibraryInfo> = {
  text: 'vsusv',
  read: (reader) => ({
    cryptokiVersion: version.read(reader),
    manufacturerId: string32.read(reader),
    flags: ulong.read(reader),
    libraryDescription: string32.read(reader),
    libraryVersion: version.read(reader),
  }),
  write: (writer, info) => {
    version.write(writer, info.cryptokiVersion)
    string32.write(writer, info.manufacturerId)
    ulong.write(writer, info.flags)
    string32.write(writer, info.libraryDescription)
    version.write(writer, info.libraryVersion)
  },
}

export const slotInfo: Letter<SlotInfo> = {
  text: 'ssuvv',
  read: (reader) => ({
    slotDescription: string64.read(reader),
    manufacturerId: string32.read(reader),
    flags: ulong.read(reader),
    hardwareVersion: version.read(reader),
    firmwareVersion: version.read(reader),
  }),
  write: (writer, info) => {
    string64.write(writer, info.slotDescription)
    string32.write(writer, info.manufacturerId)
    ulong.write(writer, info.flags)
    version.write(writer, info.hardwareVersion)
    version.write(writer, info.firmwareVersion)
  },
}

export const tokenInfo: Letter<TokenInfo> = {
  text: 'ssssuuuuuuuuuuuvvs',
  read: (reader) => ({
    label: string32.read(reader),
    manufacturerId: string32.read(reader),
    model: string16.read(reader),
    serialNumber: string16.read(reader),
    flags: ulong.read(reader),
    maxSessionCount: ulong.read(reader),
    sessionCount: ulong.read(reader),
    maxRwSessionCount: ulong.read(reader),
    rwSessionCount: ulong.read(reader),
    maxPinLength: ulong.read(reader),
    minPinLength: ulong.read(reader),
    totalPublicMemory: ulong.read(reader),
    freePublicMemory: ulong.read(reader),
    totalPrivateMemory: ulong.read(reader),
    freePrivateMemory: ulong.read(reader),
    hardwareVersion: version.read(reader),
    firmwareVersion: version.read(reader),
    utcTime: string16.read(reader),
  }),
  write: (writer, info) => {
    string32.write(writer, info.label)
    string32.write(writer, info.manufacturerId)
    string16.write(writer, info.model)
    string16.write(writer, info.serialNumber)
    ulong.write(writer, info.flags)
    ulong.write(writer, info.maxSessionCount)
    ulong.write(writer, info.sessionCount)
    ulong.write(writer, info.maxRwSessionCount)
    ulong.write(writer, info.rwSessionCount)
    ulong.write(writer, info.maxPinLength)
    ulong.write(writer, info.minPinLength)
    ulong.write(writer, info.totalPublicMemory)
    ulong.write(writer, info.freePublicMemory)
    ulong.write(writer, info.totalPrivateMemory)
    ulong.write(writer, info.freePrivateMemory)
    version.write(writer, info.hardwareVersion)
    version.write(writer, info.firmwareVersion)
    string16.write(writer, info.utcTime)
  },
}

export const mechanismInfo: Letter<MechanismInfo> = {
  text: 'uuu',
  read: (reader) => ({
    minKeySize: ulong.read(reader),
    maxKeySize: ulong.read(reader),
    flags: ulong.read(reader),
  }),
  write: (writer, { minKeySize, maxKeySize, flags }) => {
    ulong.write(writer, minKeySize)
    ulong.write(writer, maxKeySize)
    ulong.write(writer, flags)
  },
}

export const sessionInfo: Letter<SessionInfo> = {
  text: 'uuuu',
  read: (reader) => ({
    slotId: ulong.read(reader),
    state: ulong.read(reader),
    flags: ulong.read(reader),
    deviceError: ulong.read(reader),
  }),
  write: (writer, { slotId, state, flags, deviceError }) => {
    ulong.write(writer, slotId)
    ulong.write(writer, state)
    ulong.write(writer, flags)
    ulong.write(writer, deviceError)
  },
}

export const keyPair: Letter<Readonly<{ publicKey: number; privateKey: number }>> = {
  text: 'uu',
  read: (reader) => ({ publicKey: ulong.read(reader), privateKey: ulong.read(reader) }),
  write: (writer, { publicKey, privateKey }) => {
    ulong.write(writer, publicKey)
    ulong.write(writer, privateKey)
  },
}
