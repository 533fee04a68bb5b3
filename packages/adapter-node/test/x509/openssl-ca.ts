import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0

/** A folder of its own for plain `openssl`, as a customer would use it; `close` removes it. */
export const opensslFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'hsmlab-x509-'))
  const run = (...parts: ReadonlyArray<string>): string =>
    execFileSync('openssl', parts, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
  const close = (): void => rmSync(folder, { recursive: true, force: true })

  const keyOptions: Readonly<Record<string, ReadonlyArray<string>>> = {
    rsa2048: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
    rsa1024: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
    pss: ['-algorithm', 'RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048'],
    p256: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    p384: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'],
    p521: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'],
    k256: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1'],
    ed25519: ['-algorithm', 'ED25519'],
  }
  const key = (name: string, kind: string): void => {
    run('genpkey', ...(keyOptions[kind] ?? []), '-out', `${name}.key`)
  }
  /** A self-signed root, as the User Guide makes its customerCA.crt. */
  const root = (name: string, kind = 'p256', more: ReadonlyArray<string> = []): string => {
    key(name, kind)
    run(
      'req',
      '-new',
      '-x509',
      '-days',
      '3652',
      '-key',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-subj',
      `/CN=${name}`,
      ...more,
    )
    return read(`${name}.crt`)
  }
  /** `request` is the name of a `.csr` file. */
  const sign = (request: string, ca: string, more: ReadonlyArray<string> = []): string => {
    const issuer = ['-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, '-CAcreateserial']
    run('x509', '-req', '-days', '3652', '-in', `${request}.csr`, ...issuer, '-out', `${request}.crt`, ...more)
    return read(`${request}.crt`)
  }
  const request = (name: string, kind = 'p256'): string => {
    key(name, kind)
    run('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-out', `${name}.csr`)
    return read(`${name}.csr`)
  }
  /** A CA below another one. */
  const intermediate = (name: string, ca: string, extensions = 'basicConstraints=critical,CA:TRUE'): string => {
    request(name)
    write(`${name}.ext`, extensions)
    return sign(name, ca, ['-extfile', `${name}.ext`])
  }
  return { folder, run, read, write, close, key, root, sign, request, intermediate }
}

export type OpensslFolder = ReturnType<typeof opensslFolder>
