/** Something that nobody may find anywhere. `name` tells which, and no more. */
export type Secret = Readonly<{ name: string; bytes: Buffer }>

type Needle = Readonly<{ name: string; encoding: string; bytes: Buffer }>

/** A secret that is shorter could be found by chance. */
const SIZE_MIN = 12

/** The digits of base64 that the secret alone decides, when it stands `shift` bytes behind a multiple of three. */
const base64At = (bytes: Buffer, shift: number): string => {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
  return text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6))
}

const urlSafe = (base64: string): string => base64.replaceAll('+', '-').replaceAll('/', '_')

/** The ways in which a secret that leaks would lie there. */
const encodingsOf = (bytes: Buffer): Readonly<Record<string, Buffer | string>> => {
  const hex = bytes.toString('hex')
  const base64 = [0, 1, 2].map((shift) => base64At(bytes, shift))
  return {
    raw: bytes,
    hex,
    'upper-case hex': hex.toUpperCase(),
    'hex with colons': hex.replaceAll(/..(?!$)/g, '$&:'),
    ...Object.fromEntries(base64.map((text, shift) => [`base64 at ${shift}`, text])),
    ...Object.fromEntries(base64.map((text, shift) => [`base64url at ${shift}`, urlSafe(text)])),
    // How JSON shows a Buffer, and a Uint8Array.
    'a JSON array': bytes.join(','),
    'a JSON object': JSON.stringify(Uint8Array.from(bytes)).slice(1, -1),
  }
}

const needlesOf = ({ name, bytes }: Secret): ReadonlyArray<Needle> => {
  if (bytes.length < SIZE_MIN) throw new Error(`${name} is too short to be looked for`)
  const needles = Object.entries(encodingsOf(bytes)).map(([encoding, text]) => ({
    name,
    encoding,
    bytes: Buffer.from(text),
  }))
  const isNew = ({ bytes: own }: Needle, i: number): boolean =>
    needles.findIndex((each) => each.bytes.equals(own)) === i
  return needles.filter(isNew)
}

/** A pile of bytes, and what it is called. */
export type Haystack = Readonly<{ name: string; bytes: Buffer }>

/** Where which secret lies, and how it is encoded. */
export const findSecrets = (
  secrets: ReadonlyArray<Secret>,
  haystacks: ReadonlyArray<Haystack>,
): ReadonlyArray<string> => {
  const needles = secrets.flatMap(needlesOf)
  return haystacks.flatMap(({ name: where, bytes }) =>
    needles
      .filter((needle) => bytes.includes(needle.bytes))
      .map(({ name, encoding }) => `${name} lies in ${where} (${encoding})`),
  )
}

/** Every encoding of a secret in noise of its own, to see that each is found. */
export const planted = (secret: Secret): ReadonlyArray<Haystack> =>
  needlesOf(secret).map(({ encoding, bytes }) => ({
    name: encoding,
    bytes: Buffer.concat([Buffer.from('noise '.repeat(20)), bytes, Buffer.from(' noise')]),
  }))
