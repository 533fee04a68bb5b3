import type { CryptoEngine } from '@hsmlab/crypto'

export type { CryptoEngine, CryptoFailure } from '@hsmlab/crypto'

export type HasCryptoEngine = Readonly<{ engine: CryptoEngine }>
