import { writeFile } from 'node:fs/promises'
import test from 'ava'
import { requireTool } from '../support/tools.ts'
import { openDoor, PIN, requireTools } from './door.ts'

const configuration = (module: string): string => `openssl_conf = openssl_init
[openssl_init]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
MODULE_PATH = ${module}
PIN = ${PIN}
init = 0
[req]
distinguished_name = name
[name]
`

for (const [type, label] of [
  ['rsa:2048', 'rsa'],
  ['EC:prime256v1', 'ec'],
] as const) {
  test.serial(`OpenSSL signs files and certificates with ${type} keys through its pkcs11 engine`, async (t) => {
    const tools = requireTools(t)
    if (tools === undefined || requireTool(t, 'openssl pkcs11 engine') === undefined) return
    const { openssl, pkcs11Tool, module } = tools
    const { file, succeeds } = await openDoor(t)
    await writeFile(file('openssl.cnf'), configuration(module))
    await writeFile(file('message'), 'a message')
    const asUser = ['--module', module, '--login', '--pin', PIN]
    succeeds(pkcs11Tool, ...asUser, '--keypairgen', '--key-type', type, '--label', label, '--id', '0a', '--private')

    const key = `pkcs11:token=hsm1;object=${label}`
    const withEngine = (...args: ReadonlyArray<string>) =>
      succeeds('env', `OPENSSL_CONF=${file('openssl.cnf')}`, openssl, ...args)
    const engine = ['-engine', 'pkcs11', '-keyform', 'engine']
    withEngine('req', ...engine, '-new', '-x509', '-key', key, '-subj', '/CN=hsmlab', '-out', file('certificate.pem'))
    t.regex(succeeds(openssl, 'verify', '-CAfile', file('certificate.pem'), file('certificate.pem')).text, /OK/)

    withEngine('dgst', ...engine, '-sha256', '-sign', key, '-out', file('signature'), file('message'))
    succeeds(openssl, 'x509', '-in', file('certificate.pem'), '-noout', '-pubkey', '-out', file('public.pem'))
    const verify = ['-verify', file('public.pem'), '-signature', file('signature'), file('message')]
    t.regex(succeeds(openssl, 'dgst', '-sha256', ...verify).text, /Verified OK/)
  })
}
