/** The fields of Wycheproof's files (schemas of `testvectors_v1`) that the suite reads; bytes are hexadecimal. */
export type WycheproofTest = Readonly<{
  tcId: number
  result: 'valid' | 'invalid' | 'acceptable'
  key?: string
  iv?: string
  aad?: string
  msg?: string
  ct?: string
  tag?: string
  sig?: string
  label?: string
  password?: string
  salt?: string
  iterationCount?: number
  dkLen?: number
  dk?: string
}>

export type WycheproofGroup = Readonly<{
  type: string
  keySize?: number
  ivSize?: number
  tagSize?: number
  sha?: string
  mgfSha?: string
  sLen?: number
  privateKeyPkcs8?: string
  publicKey?: Readonly<{
    curve?: string
    uncompressed?: string
    modulus?: string
    publicExponent?: string
    pk?: string
  }>
  tests: ReadonlyArray<WycheproofTest>
}>

export type WycheproofFile = Readonly<{ testGroups: ReadonlyArray<WycheproofGroup> }>
