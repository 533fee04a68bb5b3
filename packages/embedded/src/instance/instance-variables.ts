import type { InstanceFile } from '@hsmlab/protocol/local'

/** The environment of the shell that uses this instance, in the order in which `hsmlab env` prints it. */
export const instanceVariables = ({ endpoint, region, pkcs11Socket }: InstanceFile, dataDirectory: string) => [
  { name: 'HSMLAB_DATA', value: dataDirectory },
  { name: 'AWS_ENDPOINT_URL', value: endpoint },
  { name: 'AWS_REGION', value: region },
  // Version 1 of the AWS CLI reads no other one.
  { name: 'AWS_DEFAULT_REGION', value: region },
  { name: 'AWS_ACCESS_KEY_ID', value: '000000000000' },
  { name: 'AWS_SECRET_ACCESS_KEY', value: 'hsmlab' },
  { name: 'P11_KIT_SERVER_ADDRESS', value: `unix:path=${pkcs11Socket}` },
]
