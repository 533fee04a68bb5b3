import * as E from 'fp-ts/lib/Either.js'
import type { Json } from '@hsmlab/event-sourcing'
import type { Tag } from '@hsmlab/domain'
import { type AwsError, awsError } from './aws-error.ts'
import { TAG_PATTERN } from './model.ts'

const ALLOWED = new RegExp(`^${TAG_PATTERN}$`, 'u')

const refused = (message: string): E.Either<AwsError, never> => E.left(awsError('CloudHsmTagException', message))

/** Tags of a TagList, each key once ("Tagging AWS CloudHSM resources"). */
export const readTags = (tagList: Json | undefined): E.Either<AwsError, ReadonlyArray<Tag>> => {
  const tags = ((tagList ?? []) as ReadonlyArray<Readonly<{ Key: string; Value: string }>>).map(({ Key, Value }) => ({
    key: Key,
    value: Value,
  }))
  for (const [index, { key, value }] of tags.entries()) {
    if (key.toLowerCase().startsWith('aws:')) return refused('Tag keys that begin with aws: are reserved.')
    if (!ALLOWED.test(key) || !ALLOWED.test(value)) {
      return refused('Tags consist of letters, digits, white space and the signs _ . : / = + - @')
    }
    if (tags.findIndex((other) => other.key === key) !== index) return refused('A tag key is named twice.')
  }
  return E.right(tags)
}
