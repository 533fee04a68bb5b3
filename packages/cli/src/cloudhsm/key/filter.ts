import * as E from 'fp-ts/lib/Either.js'
import { KeyHandleCodec, type KeyTemplate } from '@hsmlab/domain'
import type { KeyFilter } from '@hsmlab/protocol'
import { attributeOf } from './attributes.ts'

const referenceOf = (text: string): E.Either<string, KeyFilter> => {
  const handle = KeyHandleCodec.decode(/^0x[0-9a-fA-F]{1,16}$/.test(text) ? Number(text) : undefined)
  return E.isLeft(handle)
    ? E.left('Invalid key reference: 0x and up to 16 hexadecimal digits')
    : E.right({ handle: handle.right })
}

/** The filter of `--filter`: a key reference, or attributes that must all hold ("Filter keys using CloudHSM CLI"). */
export const filterOf = (terms: ReadonlyArray<string>): E.Either<string, KeyFilter> => {
  let filter: KeyFilter = {}
  let attributes: KeyTemplate = {}
  for (const term of terms.flatMap((text) => (text.startsWith('attr.label=') ? [text] : text.split(/\s+/)))) {
    const separator = term.indexOf('=')
    const name = term.slice(0, Math.max(separator, 0))
    const value = term.slice(separator + 1)
    if (name === 'key-reference') {
      const reference = referenceOf(value)
      if (E.isLeft(reference)) return reference
      filter = { ...filter, ...reference.right }
    } else if (name.startsWith('attr.')) {
      const attribute = attributeOf(name.slice('attr.'.length), value)
      if (E.isLeft(attribute)) return attribute
      attributes = { ...attributes, ...attribute.right }
    } else {
      return E.left('A filter is key-reference=0x… or attr.NAME=VALUE')
    }
  }
  return E.right(Object.keys(attributes).length === 0 ? filter : { ...filter, attributes })
}
