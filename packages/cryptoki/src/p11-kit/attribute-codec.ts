import {
  type Attribute,
  type AttributeReading,
  type AttributeReadings,
  type AttributeRoom,
  type AttributeValue,
  lengthOf,
  ULONG_SIZE,
} from '../attribute.ts'
import { EMPTY } from '../output.ts'
import { type AttributeForm, formOf } from './attribute-forms.ts'
import type { Letter } from './letter.ts'
import { ckrName, ckrValue } from './return-value.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

/** As deep as p11-kit 0.26.4 goes, and no deeper. */
const TEMPLATE_DEPTH_MAX = 8
const ATTRIBUTE_COUNT_MAX = 4_096

const readCount = (reader: WireReader): number => {
  const count = reader.u32()
  if (count > ATTRIBUTE_COUNT_MAX) reader.malformed()
  return reader.failed() ? 0 : count
}

/** A flag or number of the wrong length: kept as bytes, which no attribute of that form accepts. */
const misfit = (length: number): Uint8Array => new Uint8Array(Math.min(length, 2))

const readMechanisms = (reader: WireReader): AttributeValue => {
  const types: number[] = []
  for (let left = readCount(reader); left > 0 && !reader.failed(); left--) types.push(reader.u64())
  return { _tag: 'mechanisms', types }
}

const readValue = (
  reader: WireReader,
  form: AttributeForm,
  length: number,
  depth: number,
): AttributeValue | undefined => {
  switch (form) {
    case 'byte': {
      const flag = reader.u8()
      return length === 1 && flag <= 1 ? flag === 1 : misfit(length === 1 ? 2 : length)
    }
    case 'ulong': {
      const number = reader.u64()
      return length === ULONG_SIZE ? number : misfit(length)
    }
    case 'mechanisms':
      return readMechanisms(reader)
    case 'template':
      return { _tag: 'template', attributes: readTemplate(reader, depth + 1) }
    case 'bytes':
      return reader.string()
  }
}

function readTemplate(reader: WireReader, depth: number): ReadonlyArray<Attribute> {
  if (depth > TEMPLATE_DEPTH_MAX) reader.malformed()
  const attributes: Attribute[] = []
  for (let left = readCount(reader); left > 0 && !reader.failed(); left--) {
    const type = reader.u32()
    // An attribute that its program marked as unavailable has no value to give: the empty one.
    const length = reader.u8() === 0 ? undefined : reader.u32()
    const value = length === undefined ? EMPTY : readValue(reader, formOf(type, reader.dialect()), length, depth)
    attributes.push({ type, value: value ?? EMPTY })
  }
  return attributes
}

const BYTES_OF_ULONG = (value: number): Uint8Array => {
  const bytes = new Uint8Array(ULONG_SIZE)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, value % 0x1_0000_0000, true)
  view.setUint32(4, Math.floor(value / 0x1_0000_0000), true)
  return bytes
}

const writeMechanisms = (writer: WireWriter, value: AttributeValue): void => {
  const types = typeof value === 'object' && '_tag' in value && value._tag === 'mechanisms' ? value.types : []
  writer.u32(types.length)
  for (const type of types) writer.u64(type)
}

const rawMemory = (value: AttributeValue): Uint8Array => {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0)
  return typeof value === 'number' ? BYTES_OF_ULONG(value) : EMPTY
}

const writeValue = (writer: WireWriter, form: AttributeForm, value: AttributeValue): void => {
  switch (form) {
    case 'byte':
      return writer.u8(value === true ? 1 : 0)
    case 'ulong':
      return writer.u64(typeof value === 'number' ? value : 0)
    case 'mechanisms':
      return writeMechanisms(writer, value)
    case 'template':
      return writeTemplate(
        writer,
        typeof value === 'object' && '_tag' in value && value._tag === 'template' ? value.attributes : [],
      )
    case 'bytes':
      return writer.string(rawMemory(value))
  }
}

function writeTemplate(writer: WireWriter, attributes: ReadonlyArray<Attribute>): void {
  writer.u32(attributes.length)
  for (const { type, value } of attributes) {
    writer.u32(type)
    writer.u8(1)
    writer.u32(lengthOf(value))
    writeValue(writer, formOf(type, writer.dialect()), value)
  }
}

/** A template that a program passes in. */
export const attributes: Letter<ReadonlyArray<Attribute>> = {
  text: 'aA',
  read: (reader) => readTemplate(reader, 1),
  write: writeTemplate,
}

function readRooms(reader: WireReader, depth: number): ReadonlyArray<AttributeRoom> {
  if (depth > TEMPLATE_DEPTH_MAX) reader.malformed()
  const rooms: AttributeRoom[] = []
  for (let left = readCount(reader); left > 0 && !reader.failed(); left--) {
    const type = reader.u32()
    const size = reader.u32()
    const room = size === 0 ? undefined : size
    const nested = size > 0 && reader.dialect().nestedRooms && formOf(type, reader.dialect()) === 'template'
    rooms.push(nested ? { type, room, nested: readRooms(reader, depth + 1) } : { type, room })
  }
  return rooms
}

function writeRooms(writer: WireWriter, rooms: ReadonlyArray<AttributeRoom>): void {
  writer.u32(rooms.length)
  for (const { type, room, nested } of rooms) {
    writer.u32(type)
    writer.u32(room ?? 0)
    const isTemplate = formOf(type, writer.dialect()) === 'template'
    if (room !== undefined && room > 0 && writer.dialect().nestedRooms && isTemplate) writeRooms(writer, nested ?? [])
  }
}

/** The attributes that C_GetAttributeValue asks for. */
export const attributeRooms: Letter<ReadonlyArray<AttributeRoom>> = {
  text: 'fA',
  read: (reader) => readRooms(reader, 1),
  write: writeRooms,
}

const readReading = (reader: WireReader): AttributeReading => {
  const type = reader.u32()
  if (reader.u8() === 0) return { type, length: undefined, value: undefined }
  const length = reader.u32()
  return { type, length, value: readValue(reader, formOf(type, reader.dialect()), length, 1) }
}

/** Where there is a length and no value, the value's place holds what stands for null in its form. */
const writeReading = (writer: WireWriter, { type, length, value }: AttributeReading): void => {
  writer.u32(type)
  writer.u8(length === undefined ? 0 : 1)
  if (length === undefined) return
  writer.u32(length)
  const form = formOf(type, writer.dialect())
  if (value !== undefined) return writeValue(writer, form, value)
  if (form === 'bytes') return writer.string(undefined)
  writeValue(writer, form, EMPTY)
}

/** What C_GetAttributeValue gives back: always the whole list, and behind it the return value. */
export const attributeReadings: Letter<AttributeReadings> = {
  text: 'aAu',
  read: (reader) => {
    const list: AttributeReading[] = []
    for (let left = readCount(reader); left > 0 && !reader.failed(); left--) list.push(readReading(reader))
    return { attributes: list, code: ckrName(reader.u64()) }
  },
  write: (writer, { attributes: list, code }) => {
    writer.u32(list.length)
    for (const reading of list) writeReading(writer, reading)
    writer.u64(ckrValue(code))
  },
}
