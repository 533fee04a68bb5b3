import { fc, testProp } from '@fast-check/ava'
import * as E from 'fp-ts/lib/Either.js'
import { attributesOf } from '../../src/cloudhsm/key/attributes.ts'
import { filterOf } from '../../src/cloudhsm/key/filter.ts'
import { complete } from '../../src/cloudhsm/parse/complete.ts'
import { parseWords } from '../../src/cloudhsm/parse/parse-words.ts'
import { splitLine } from '../../src/cloudhsm/parse/split-line.ts'
import { CLI_COMMANDS } from '../../src/cloudhsm/table.ts'

const known = CLI_COMMANDS.flatMap(({ path, options }) => [...path, ...options.map(({ name }) => `--${name}`)])
const odd = [
  '',
  '-',
  '--',
  '---',
  '--=',
  '--__proto__',
  '--constructor',
  '-h',
  'help',
  '--no-password',
  '--role=',
  '-abc',
]
const word = fc.oneof(fc.constantFrom(...known), fc.constantFrom(...odd), fc.string())
const command = fc.constantFrom(...CLI_COMMANDS).map(({ path }) => path)

testProp(
  'any words are a command, a help or a refusal with an end',
  [fc.oneof(fc.constant([]), command), fc.array(word)],
  (t, path, words) => {
    const parsed = parseWords('cloudhsm-cli', [...path, ...words])
    t.true(parsed._tag === 'run' || parsed.text.endsWith('\n'))
  },
  { numRuns: 500 },
)

testProp('any words are typed, quoted, and read back', [fc.array(fc.string({ unit: 'grapheme' }))], (t, words) => {
  const typed = words.map((text) => `'${text.replaceAll("'", `'\\''`)}'`).join(' ')
  t.deepEqual(splitLine(typed), E.right(words))
})

testProp(
  'any line can be completed',
  [
    fc.oneof(
      fc.string(),
      fc.array(word).map((words) => words.join(' ')),
    ),
  ],
  (t, line) => {
    const [matches, part] = complete(line)
    t.true(line.endsWith(part) && matches.every((match) => match.startsWith(part)))
  },
)

testProp('any text is a filter or refused, and so are attributes', [fc.array(word)], (t, terms) => {
  t.true(['Left', 'Right'].includes(filterOf(terms)._tag) && ['Left', 'Right'].includes(attributesOf(terms)._tag))
})
