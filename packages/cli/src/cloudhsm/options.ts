import type { CliOption } from '../shared/syntax/syntax.ts'

/** On every command that speaks with a cluster. */
export const CLUSTER_ID: CliOption = {
  name: 'cluster-id',
  value: 'CLUSTER_ID',
  summary: 'Which of the configured clusters is meant; needed when there are several',
}

export const USERNAME: CliOption = { name: 'username', value: 'USERNAME', summary: 'Name of the user', required: true }

export const ROLE: CliOption = {
  name: 'role',
  value: 'ROLE',
  summary: 'Role of the user',
  required: true,
  choices: ['crypto-user', 'admin'],
}

export const PASSWORD: CliOption = {
  name: 'password',
  value: 'PASSWORD',
  summary: 'Password of the user; asked for when left out',
  optionalValue: true,
}

export const FILTER: CliOption = {
  name: 'filter',
  value: 'FILTER',
  summary: 'key-reference=0x… or attr.NAME=VALUE, separated by spaces; all must hold',
  many: true,
  suggestions: ['key-reference=', 'attr.label=', 'attr.class=', 'attr.key-type=', 'attr.id='],
}
