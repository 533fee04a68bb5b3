import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type { Tagged } from '@hsmlab/event-sourcing'
import { ClusterIdCodec } from '@hsmlab/domain'
import type { ClientSettings } from './face.ts'

const optional = <Members extends t.Props>(members: Members) => t.exact(t.partial(members))

const Server = t.strict({ hostname: t.string, port: t.number, enable: t.boolean })

/** Options that the client obeys, and options that it keeps for whoever reads the file but has no use for. */
const Options = optional({
  disable_key_availability_check: t.boolean,
  default_retry_mode: t.keyof({ standard: null, off: null }),
  disable_validate_key_at_init: t.boolean,
  enable_ecdsa_with_weak_hash_function: t.boolean,
  enable_certificate_storage: t.boolean,
})
export type ClientOptions = t.TypeOf<typeof Options>

const ConfiguredCluster = t.strict({
  type: t.string,
  cluster: t.intersection([
    t.strict({ hsm_ca_file: t.string, servers: t.readonlyArray(Server) }),
    optional({
      cluster_id: ClusterIdCodec,
      client_cert_path: t.string,
      client_key_path: t.string,
      options: Options,
    }),
  ]),
})
export type ConfiguredCluster = t.TypeOf<typeof ConfiguredCluster>

/** `logging` of the file. */
export const ClientLogging = optional({
  log_type: t.keyof({ file: null, term: null }),
  log_file: t.string,
  log_level: t.keyof({ error: null, warn: null, info: null, debug: null, trace: null }),
  log_interval: t.keyof({ never: null, hourly: null, daily: null }),
})

/**
 * `cloudhsm-pkcs11.cfg` and `cloudhsm-cli.cfg` as AWS's configure tools write them. `cluster_id` and
 * `default_retry_mode` have names of ours: no public copy shows where AWS keeps them.
 */
export const ClientConfiguration = t.strict({ clusters: t.readonlyArray(ConfiguredCluster), logging: ClientLogging })
export type ClientConfiguration = t.TypeOf<typeof ClientConfiguration>

/** `paths` name the members that do not fit. */
export type ConfigurationFailure = Tagged<'ConfigurationMalformed', { paths: ReadonlyArray<string> }>

/** Where clients find the HSMs' service ("Review the security group for your cluster in AWS CloudHSM"). */
export const HSM_PORT = 2223

/** A cluster of which nothing is said yet: the only one there is, wherever its HSMs are. */
export const unnamedCluster = (hsmCaFile: string): ConfiguredCluster => ({
  type: 'hsm2m.medium',
  cluster: { hsm_ca_file: hsmCaFile, servers: [], options: { disable_key_availability_check: false } },
})

/** What holds while there is no file: one cluster, logging as AWS's tools. */
export const initialConfiguration = (hsmCaFile: string, logFile: string): ClientConfiguration => ({
  clusters: [unnamedCluster(hsmCaFile)],
  logging: { log_type: 'file', log_file: logFile, log_level: 'info', log_interval: 'daily' },
})

/** Reads parsed JSON; `logging` may be missing. */
export const readClientConfiguration = (json: unknown): E.Either<ConfigurationFailure, ClientConfiguration> => {
  const whole = typeof json === 'object' && json !== null ? { logging: {}, ...json } : json
  const decoded = ClientConfiguration.decode(whole)
  if (E.isRight(decoded)) return decoded
  const paths = decoded.left.map(({ context }) =>
    context
      .map(({ key }) => key)
      .filter((key) => key !== '')
      .join('.'),
  )
  return E.left({ _tag: 'ConfigurationMalformed', paths: [...new Set(paths)] })
}

/** The settings of one configured cluster; `hsmCaCertificate` is what its `hsm_ca_file` holds. */
export const clientSettings = ({ cluster }: ConfiguredCluster, hsmCaCertificate: string): ClientSettings => ({
  servers: cluster.servers.filter(({ enable }) => enable).map(({ hostname }) => hostname),
  hsmCaCertificate,
  keyAvailabilityCheck: cluster.options?.disable_key_availability_check !== true,
  retryMode: cluster.options?.default_retry_mode ?? 'standard',
})
