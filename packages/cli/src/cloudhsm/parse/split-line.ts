import * as E from 'fp-ts/lib/Either.js'

/**
 * The words of a typed line: parted by white space, held together by single or double quotes; a backslash takes the
 * next letter as it is, but not between single quotes.
 */
export const splitLine = (line: string): E.Either<string, ReadonlyArray<string>> => {
  const words: string[] = []
  let word: string | undefined
  let quote: string | undefined
  let escaped = false
  for (const letter of line) {
    if (escaped) {
      word = (word ?? '') + letter
      escaped = false
    } else if (letter === '\\' && quote !== "'") {
      escaped = true
    } else if (quote !== undefined) {
      if (letter === quote) quote = undefined
      else word = (word ?? '') + letter
    } else if (letter === '"' || letter === "'") {
      quote = letter
      word ??= ''
    } else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else {
      word = (word ?? '') + letter
    }
  }
  if (quote !== undefined || escaped) return E.left('the line ends inside quotes')
  return E.right(word === undefined ? words : [...words, word])
}
