import { isIP } from 'node:net'
import { resolve } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { type ClientConfiguration, ClientLogging, type ClientOptions } from '@hsmlab/client'
import { type ClusterId, ClusterIdCodec } from '@hsmlab/domain'
import { textOf, textsOf } from '../shared/syntax/given.ts'
import type { CliArguments } from '../shared/syntax/syntax.ts'
import type { ConfigurationChange } from './change.ts'

/** True for `--<on>`, false for `--<off>`, `undefined` for neither; `--<off>` wins. */
const switched = (given: CliArguments, on: string, off: string): boolean | undefined => {
  if (given[off] === true) return false
  return given[on] === true ? true : undefined
}

const only = <Name extends string, Value>(name: Name, value: Value | undefined): Partial<Record<Name, Value>> =>
  value === undefined ? {} : ({ [name]: value } as Record<Name, Value>)

const fileOf = (given: CliArguments, name: string): string | undefined => {
  const file = textOf(given, name)
  return file === undefined ? undefined : resolve(file)
}

const optionsOf = (given: CliArguments): ClientOptions => {
  const mode = textOf(given, 'default-retry-mode')
  const weak = given['enable-ecdsa-with-weak-hash-function'] === true ? true : undefined
  return {
    ...only(
      'disable_key_availability_check',
      switched(given, 'disable-key-availability-check', 'enable-key-availability-check'),
    ),
    ...(mode === 'off' || mode === 'standard' ? { default_retry_mode: mode } : {}),
    ...only(
      'disable_validate_key_at_init',
      switched(given, 'disable-validate-key-at-init', 'enable-validate-key-at-init'),
    ),
    ...only('enable_ecdsa_with_weak_hash_function', weak),
    ...only('enable_certificate_storage', switched(given, 'enable-certificate-storage', 'disable-certificate-storage')),
  }
}

/** The parser admits no other words than those of the file. */
const loggingOf = (given: CliArguments): ClientConfiguration['logging'] => {
  const logging = ClientLogging.decode({
    ...only('log_type', textOf(given, 'log-type')),
    ...only('log_file', fileOf(given, 'log-file')),
    ...only('log_level', textOf(given, 'log-level')),
    ...only('log_interval', textOf(given, 'log-rotation')),
  })
  return E.isRight(logging) ? logging.right : {}
}

const clusterIdOf = (given: CliArguments): E.Either<string, ClusterId | undefined> => {
  const text = textOf(given, 'cluster-id')
  if (text === undefined) return E.right(undefined)
  const clusterId = ClusterIdCodec.decode(text)
  return E.isRight(clusterId)
    ? clusterId
    : E.left('Invalid value for --cluster-id: cluster- and 11 to 16 letters and digits')
}

/** The change that the arguments ask for. */
export const changeOf = (given: CliArguments): E.Either<string, ConfigurationChange> => {
  const clusterId = clusterIdOf(given)
  if (E.isLeft(clusterId)) return clusterId
  const addresses = textsOf(given, 'addresses')
  const wrong = addresses.find((address) => isIP(address) === 0)
  if (wrong !== undefined) return E.left(`Invalid value for -a: ${wrong} is no IP address`)
  return E.right({
    ...only('clusterId', clusterId.right),
    ...only('addresses', addresses.length === 0 ? undefined : addresses),
    ...only('hsmCaFile', fileOf(given, 'hsm-ca-cert')),
    ...only('clientCertPath', fileOf(given, 'client-cert-hsm-tls-file')),
    ...only('clientKeyPath', fileOf(given, 'client-key-hsm-tls-file')),
    options: optionsOf(given),
    logging: loggingOf(given),
  })
}
