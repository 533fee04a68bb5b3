/** Shapes of request members, as the service's model describes them (Smithy: constraint traits). */
export type Shape = StringShape | IntegerShape | BooleanShape | ListShape | MapShape | StructureShape

export type StringShape = Readonly<{
  kind: 'string'
  /** Of the whole value, without anchors: it is shown in messages. */
  pattern?: string
  lengthMin?: number
  lengthMax?: number
  values?: ReadonlyArray<string>
  /** A JSON number is taken for its text. */
  takesNumbers?: boolean
  /** Never repeated in a message: what people paste here by mistake is a private key. */
  isQuiet?: boolean
}>
export type IntegerShape = Readonly<{ kind: 'integer'; min: number; max: number }>
export type BooleanShape = Readonly<{ kind: 'boolean' }>
export type ListShape = Readonly<{ kind: 'list'; of: Shape; lengthMin?: number; lengthMax?: number }>
export type MapShape = Readonly<{ kind: 'map'; key: StringShape; value: Shape; sizeMax: number }>
export type StructureShape = Readonly<{ kind: 'structure'; members: Readonly<Record<string, Member>> }>
export type Member = Readonly<{ shape: Shape; isRequired: boolean }>

export const string = (rules: Omit<StringShape, 'kind'> = {}): StringShape => ({ kind: 'string', ...rules })
export const integer = (min: number, max: number): IntegerShape => ({ kind: 'integer', min, max })
export const boolean: BooleanShape = { kind: 'boolean' }
export const list = (of: Shape, lengthMin?: number, lengthMax?: number): ListShape => ({
  kind: 'list',
  of,
  ...(lengthMin === undefined ? {} : { lengthMin }),
  ...(lengthMax === undefined ? {} : { lengthMax }),
})
export const map = (key: StringShape, value: Shape, sizeMax: number): MapShape => ({ kind: 'map', key, value, sizeMax })
export const structure = (members: Readonly<Record<string, Member>>): StructureShape => ({ kind: 'structure', members })
export const required = (shape: Shape): Member => ({ shape, isRequired: true })
export const optional = (shape: Shape): Member => ({ shape, isRequired: false })
