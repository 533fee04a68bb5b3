import { fc, testProp } from '@fast-check/ava'
import test from 'ava'
import * as E from 'fp-ts/lib/Either.js'
import { clientSettings, type ConfiguredCluster, readClientConfiguration } from '../src/configuration.ts'

const published = {
  clusters: [
    {
      type: 'hsm1',
      cluster: {
        hsm_ca_file: '/opt/cloudhsm/etc/customerCA.crt',
        servers: [
          { hostname: '10.0.1.12', port: 2223, enable: true },
          { hostname: '10.0.2.7', port: 2223, enable: false },
        ],
        options: { disable_key_availability_check: false },
      },
    },
  ],
  logging: {
    log_type: 'file',
    log_file: '/opt/cloudhsm/run/cloudhsm-pkcs11.log',
    log_level: 'info',
    log_interval: 'daily',
  },
}

const [cluster] = published.clusters as unknown as readonly [ConfiguredCluster]
const withOptions = (options: ConfiguredCluster['cluster']['options']): ConfiguredCluster => ({
  ...cluster,
  cluster: { ...cluster.cluster, ...(options === undefined ? {} : { options }) },
})

test('a file of the published shape is read as it is', (t) => {
  t.deepEqual(readClientConfiguration(published), E.right(published))
})

test('logging may be missing, what nobody knows is dropped', (t) => {
  const read = readClientConfiguration({ clusters: published.clusters, more: 1 })
  t.deepEqual(read, E.right({ clusters: published.clusters, logging: {} }))
})

test('what does not fit is named by its path', (t) => {
  const broken = { clusters: [{ type: 'hsm1', cluster: { hsm_ca_file: 'x', servers: [{ hostname: 1 }] } }] }
  const read = readClientConfiguration(broken)
  t.true(E.isLeft(read) && read.left.paths.some((path) => path.endsWith('servers.0.hostname')))
  t.true(E.isLeft(readClientConfiguration(undefined)))
})

test('only enabled servers are spoken to, and a cluster checks availability and retries by default', (t) => {
  t.deepEqual(clientSettings(cluster, 'PEM'), {
    servers: ['10.0.1.12'],
    hsmCaCertificate: 'PEM',
    keyAvailabilityCheck: true,
    retryMode: 'standard',
  })
})

test('the options switch the availability check and the retries off', (t) => {
  const off = withOptions({ disable_key_availability_check: true, default_retry_mode: 'off' })
  t.like(clientSettings(off, ''), { keyAvailabilityCheck: false, retryMode: 'off' })
  t.like(clientSettings(withOptions({}), ''), { keyAvailabilityCheck: true, retryMode: 'standard' })
})

testProp('any JSON is read or refused', [fc.jsonValue()], (t, json) => {
  t.true(['Left', 'Right'].includes(readClientConfiguration(json)._tag))
})
