/** The byte that a client library sends first: 0 up to 0.24, 1 up to 0.25.5, 2 since 0.25.6. */
export type Generation = 0 | 1 | 2

/** The highest protocol version that we speak, and so the answer to what we do not know. */
const GENERATION_MAX: Generation = 2

export const generationOf = (byte: number): Generation => (byte === 0 || byte === 1 ? byte : GENERATION_MAX)

/** What differs between client libraries inside a body. */
export type Dialect = Readonly<{
  /** Parameters stand behind a byte that says whether there is one (0.25.6). */
  flaggedParameters: boolean
  /** A template-typed attribute with room is followed by the rooms inside it (0.25.4). */
  nestedRooms: boolean
  /** CKA_DERIVE_TEMPLATE is a template (0.25.0), else raw memory. */
  nestedDeriveTemplates: boolean
}>

const UP_TO_0_24: Dialect = { flaggedParameters: false, nestedRooms: false, nestedDeriveTemplates: false }
const UP_TO_0_25_3: Dialect = { flaggedParameters: false, nestedRooms: false, nestedDeriveTemplates: true }
const UP_TO_0_25_5: Dialect = { flaggedParameters: false, nestedRooms: true, nestedDeriveTemplates: true }
const SINCE_0_25_6: Dialect = { flaggedParameters: true, nestedRooms: true, nestedDeriveTemplates: true }

/**
 * The dialects of the libraries that send this byte, the likeliest first. The encoding follows the library and not the
 * byte, and distributions may lower the byte, so the others come after: a body fits one of them to the last byte.
 */
export const DIALECTS: Readonly<Record<Generation, readonly [Dialect, ...ReadonlyArray<Dialect>]>> = {
  0: [UP_TO_0_24, SINCE_0_25_6, UP_TO_0_25_5, UP_TO_0_25_3],
  1: [UP_TO_0_25_5, UP_TO_0_25_3, SINCE_0_25_6],
  2: [SINCE_0_25_6, UP_TO_0_25_5, UP_TO_0_25_3],
}
