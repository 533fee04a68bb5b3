/** What the ready-made cluster has, and `hsmlab up` prints. */
export const READY_MADE = {
  region: 'us-east-1',
  account: '000000000000',
  hsmType: 'hsm2m.medium',
  mode: 'FIPS',
  admin: { username: 'admin', password: 'password1' },
  cryptoUser: { username: 'user1', password: 'password1' },
} as const

/** TCP port of the AWS endpoint, unless another one is asked for. */
export const DEFAULT_PORT = 4580
