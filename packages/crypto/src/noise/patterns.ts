/** What a message does before its payload (Noise rev. 34 §7): send a key, or mix a Diffie-Hellman result. */
export type Token = 'e' | 's' | 'ee' | 'es' | 'se' | 'ss'

export type NoisePattern = 'NK' | 'XK' | 'KK'

export type PatternFacts = Readonly<{
  /** Whether the initiator has a static key, and who knows it before. */
  initiatorStatic: 'none' | 'sent' | 'known'
  messages: ReadonlyArray<ReadonlyArray<Token>>
}>

/** Noise rev. 34 §7.5; in each of these the initiator knows the responder's static key before. */
export const PATTERNS: Readonly<Record<NoisePattern, PatternFacts>> = {
  NK: {
    initiatorStatic: 'none',
    messages: [
      ['e', 'es'],
      ['e', 'ee'],
    ],
  },
  XK: {
    initiatorStatic: 'sent',
    messages: [
      ['e', 'es'],
      ['e', 'ee'],
      ['s', 'se'],
    ],
  },
  KK: {
    initiatorStatic: 'known',
    messages: [
      ['e', 'es', 'ss'],
      ['e', 'ee', 'se'],
    ],
  },
}
