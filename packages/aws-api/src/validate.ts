import * as E from 'fp-ts/lib/Either.js'
import type { Json } from '@hsmlab/event-sourcing'
import { type AwsError, awsError } from './aws-error.ts'
import type { IntegerShape, ListShape, MapShape, Shape, StringShape, StructureShape } from './shape.ts'

/** A value of another JSON type than the model's: the request cannot be read at all. */
type WrongType = Readonly<{ found: string; wanted: string }>
/** `value` as messages show it; undefined: not shown. */
type Violation = Readonly<{ path: string; value: string | undefined; constraint: string }>

/** Values are repeated in messages up to this length. */
const SHOWN_LENGTH_MAX = 128

const typeNameOf = (value: Json): string => {
  if (value === null) return 'NULL_VALUE'
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE'
  if (typeof value === 'number') return 'NUMBER_VALUE'
  if (typeof value === 'string') return 'STRING_VALUE'
  return Array.isArray(value) ? 'START_ARRAY' : 'START_OBJECT'
}

const shown = (text: string): string => {
  const short = text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}...` : text
  return `'${short}'`
}

type Problems = { wrongType: WrongType | undefined; readonly violations: Violation[] }

const wrongType = (problems: Problems, value: Json, wanted: string): undefined => {
  problems.wrongType ??= { found: typeNameOf(value), wanted }
  return undefined
}

const checkString = (problems: Problems, shape: StringShape, value: Json, path: string): string | undefined => {
  const text = shape.takesNumbers === true && typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string') return wrongType(problems, value, 'String')
  const complain = (constraint: string): void => {
    problems.violations.push({ path, value: shape.isQuiet === true ? undefined : shown(text), constraint })
  }
  const { pattern, lengthMin = 0, lengthMax = Infinity, values } = shape
  if (text.length > lengthMax) complain(`Member must have length less than or equal to ${lengthMax}`)
  // A text that is too long is not also held against a pattern: matching is for texts of bounded length.
  else if (text.length < lengthMin) complain(`Member must have length greater than or equal to ${lengthMin}`)
  else if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`).test(text)) {
    complain(`Member must satisfy regular expression pattern: ${pattern}`)
  }
  if (values !== undefined && !values.includes(text)) {
    complain(`Member must satisfy enum value set: [${values.join(', ')}]`)
  }
  return text
}

const checkInteger = (problems: Problems, { min, max }: IntegerShape, value: Json, path: string) => {
  if (typeof value !== 'number' || !Number.isInteger(value)) return wrongType(problems, value, 'Integer')
  const complain = (constraint: string): void => {
    problems.violations.push({ path, value: shown(String(value)), constraint })
  }
  if (value < min) complain(`Member must have value greater than or equal to ${min}`)
  if (value > max) complain(`Member must have value less than or equal to ${max}`)
  return value
}

const isList = (value: Json): value is ReadonlyArray<Json> => Array.isArray(value)

const checkList = (problems: Problems, shape: ListShape, value: Json, path: string) => {
  if (!isList(value)) return wrongType(problems, value, 'List')
  const { lengthMin = 0, lengthMax = Infinity } = shape
  const complain = (constraint: string): void => {
    problems.violations.push({ path, value: shown(`[${value.length} members]`), constraint })
  }
  if (value.length < lengthMin) complain(`Member must have length greater than or equal to ${lengthMin}`)
  if (value.length > lengthMax) {
    complain(`Member must have length less than or equal to ${lengthMax}`)
    return []
  }
  return value.map((member, index) => check(problems, shape.of, member, `${path}.${index + 1}.member`) ?? null)
}

const isObject = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const checkMap = (problems: Problems, shape: MapShape, value: Json, path: string) => {
  if (!isObject(value)) return wrongType(problems, value, 'Map')
  const entries = Object.entries(value).filter(([, member]) => member !== null)
  if (entries.length > shape.sizeMax) {
    const constraint = `Member must have length less than or equal to ${shape.sizeMax}`
    problems.violations.push({ path, value: shown(`{${entries.length} entries}`), constraint })
    return {}
  }
  return Object.fromEntries(
    entries.map(([key, member]) => {
      checkString(problems, shape.key, key, `${path}.key`)
      return [key, check(problems, shape.value, member, `${path}.${shownKey(key)}.member`)]
    }),
  )
}

const shownKey = (key: string): string => key.slice(0, SHOWN_LENGTH_MAX)
const lowerCamel = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)

/** Members that the model does not have are ignored, as all AWS services do; `null` is the same as not given. */
const checkStructure = (problems: Problems, shape: StructureShape, value: Json, path: string) => {
  if (!isObject(value)) return wrongType(problems, value, 'Structure')
  const read: Record<string, Json> = {}
  for (const [name, { shape: memberShape, isRequired }] of Object.entries(shape.members)) {
    const member = Object.hasOwn(value, name) ? value[name] : undefined
    const memberPath = path === '' ? lowerCamel(name) : `${path}.${lowerCamel(name)}`
    if (member === undefined || member === null) {
      if (isRequired) {
        problems.violations.push({ path: memberPath, value: 'null', constraint: 'Member must not be null' })
      }
      continue
    }
    const checked = check(problems, memberShape, member, memberPath)
    if (checked !== undefined) read[name] = checked
  }
  return read
}

const check = (problems: Problems, shape: Shape, value: Json, path: string): Json | undefined => {
  switch (shape.kind) {
    case 'string':
      return checkString(problems, shape, value, path)
    case 'integer':
      return checkInteger(problems, shape, value, path)
    case 'boolean':
      return typeof value === 'boolean' ? value : wrongType(problems, value, 'Boolean')
    case 'list':
      return checkList(problems, shape, value, path)
    case 'map':
      return checkMap(problems, shape, value, path)
    case 'structure':
      return checkStructure(problems, shape, value, path)
  }
}

const VIOLATIONS_SHOWN_MAX = 10

const describe = (violations: ReadonlyArray<Violation>): string => {
  const count = violations.length === 1 ? '1 validation error' : `${violations.length} validation errors`
  const texts = violations
    .slice(0, VIOLATIONS_SHOWN_MAX)
    .map(({ path, value, constraint }) =>
      [`Value`, value, `at '${path}' failed to satisfy constraint: ${constraint}`]
        .filter((part) => part !== undefined)
        .join(' '),
    )
  return `${count} detected: ${texts.join('; ')}`
}

export type Input = Readonly<Record<string, Json>>

/** The members of `body` that the model knows, each of its type and within its constraints. */
export const validate = (shape: StructureShape, body: Json): E.Either<AwsError, Input> => {
  const problems: Problems = { wrongType: undefined, violations: [] }
  const read = checkStructure(problems, shape, body, '')
  if (problems.wrongType !== undefined) {
    const { found, wanted } = problems.wrongType
    return E.left(awsError('SerializationException', `${found} can not be converted to a ${wanted}`))
  }
  if (problems.violations.length > 0) {
    return E.left(awsError('CloudHsmInvalidRequestException', describe(problems.violations)))
  }
  return E.right(read ?? {})
}
