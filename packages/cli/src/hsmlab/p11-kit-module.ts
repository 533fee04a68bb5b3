import { existsSync } from 'node:fs'

/** Where distributions put p11-kit's client module. */
const PATHS = [
  '/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so',
  '/usr/lib/aarch64-linux-gnu/pkcs11/p11-kit-client.so',
  '/usr/lib64/pkcs11/p11-kit-client.so',
  '/usr/lib/pkcs11/p11-kit-client.so',
]

/** The module that PKCS#11 programs load to reach hsmlab; `undefined` where p11-kit is not installed. */
export const p11KitModule = (): string | undefined => PATHS.find((path) => existsSync(path))
