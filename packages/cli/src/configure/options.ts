import type { CliOption, CommandSyntax } from '../shared/syntax/syntax.ts'

export type Tool = 'pkcs11' | 'cli'

const onOff = (name: string, summary: string): ReadonlyArray<CliOption> => [
  { name: `disable-${name}`, value: '', summary: `Do not ${summary}`, flag: true },
  { name: `enable-${name}`, value: '', summary: `${summary.charAt(0).toUpperCase()}${summary.slice(1)}`, flag: true },
]

const RESOLUTION: ReadonlyArray<CliOption> = [
  {
    name: 'cluster-id',
    value: 'CLUSTER_ID',
    summary: 'Ask the AWS endpoint for the HSMs of this cluster',
  },
  { name: 'endpoint', value: 'URL', summary: "The AWS endpoint to ask [default: the running product's]" },
  { name: 'region', value: 'REGION', summary: 'The Region to ask in [default: us-east-1]' },
]

const TRUST: ReadonlyArray<CliOption> = [
  { name: 'hsm-ca-cert', value: 'FILE', summary: "The certificate that signed the cluster's" },
  { name: 'client-cert-hsm-tls-file', value: 'FILE', summary: 'Kept in the file; no effect yet' },
  { name: 'client-key-hsm-tls-file', value: 'FILE', summary: 'Kept in the file; no effect yet' },
]

const CHECKS: ReadonlyArray<CliOption> = [
  ...onOff('key-availability-check', 'require token keys to stand on two HSMs before they are used'),
  {
    name: 'default-retry-mode',
    value: 'MODE',
    summary: 'Whether throttled calls are repeated',
    choices: ['off', 'standard'],
  },
]

/** Options that the real tools have and that change nothing here: they are kept in the file, or only accepted. */
const KEPT: ReadonlyArray<CliOption> = [
  { name: 'server-client-cert-file', value: 'FILE', summary: 'Accepted; no effect' },
  { name: 'server-client-key-file', value: 'FILE', summary: 'Accepted; no effect' },
  {
    name: 'log-level',
    value: 'LEVEL',
    summary: 'Least severe messages to log',
    choices: ['error', 'warn', 'info', 'debug', 'trace'],
  },
  {
    name: 'log-rotation',
    value: 'INTERVAL',
    summary: 'When to begin a new log file',
    choices: ['never', 'hourly', 'daily'],
  },
  { name: 'log-file', value: 'FILE', summary: 'Where to log' },
  { name: 'log-type', value: 'TYPE', summary: 'Log to a file or to the terminal', choices: ['file', 'term'] },
  ...onOff('validate-key-at-init', 'check keys when a program starts; kept in the file, no effect'),
]

const PKCS11_ONLY: ReadonlyArray<CliOption> = [
  {
    name: 'enable-ecdsa-with-weak-hash-function',
    value: '',
    summary: 'Allow ECDSA with hash functions weaker than the curve; kept in the file, no effect',
    flag: true,
  },
  ...onOff('certificate-storage', 'store certificates as objects; kept in the file, no effect'),
]

const toolOptions = (tool: Tool): ReadonlyArray<CliOption> => [
  ...TRUST,
  ...CHECKS,
  ...KEPT,
  ...(tool === 'pkcs11' ? PKCS11_ONLY : []),
]

const ADDRESSES: CliOption = {
  name: 'addresses',
  short: 'a',
  value: 'IP',
  summary: 'Addresses of HSMs of the cluster',
  many: true,
}

/** The commands of `configure-pkcs11` and `configure-cli` ("Client SDK 5 configure tool"). */
export const configureSyntax = (tool: Tool) =>
  ({
    change: {
      path: [],
      summary: `Change the settings of ${tool === 'cli' ? 'cloudhsm-cli' : 'PKCS #11 programs'}`,
      options: [ADDRESSES, ...RESOLUTION, ...toolOptions(tool)],
    },
    add: {
      path: ['add-cluster'],
      summary: 'Add a cluster',
      options: [
        ADDRESSES,
        ...RESOLUTION.map((option) => (option.name === 'cluster-id' ? { ...option, required: true as const } : option)),
        ...TRUST,
        ...CHECKS,
      ],
    },
    remove: {
      path: ['remove-cluster'],
      summary: 'Remove a cluster',
      options: [{ name: 'cluster-id', value: 'CLUSTER_ID', summary: 'The cluster to remove', required: true }],
    },
  }) as const satisfies Readonly<Record<string, CommandSyntax>>
