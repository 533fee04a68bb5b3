import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import * as E from 'fp-ts/lib/Either.js'
import { clientConfigurationPath, readFileIfAny, readInstanceFile, writeSecretFile } from '@hsmlab/adapter-node/local'
import { ClientConfiguration, initialConfiguration, readClientConfiguration } from '@hsmlab/client'
import { parseJson } from '@hsmlab/event-sourcing'
import { dataDirectory, type Environment } from '../shared/data-directory.ts'
import { textOf } from '../shared/syntax/given.ts'
import { parseCommand } from '../shared/syntax/parse-command.ts'
import type { CliArguments } from '../shared/syntax/syntax.ts'
import { packageVersion } from '../shared/version.ts'
import { addCluster, changeConfiguration, type ConfigurationChange, removeCluster } from './change.ts'
import { changeOf } from './change-of.ts'
import { configureSyntax, type Tool } from './options.ts'
import { resolveCluster } from './resolve-cluster.ts'

export type ConfigureWorld = Readonly<{ environment: Environment; output: Writable; errors: Writable }>

type Attempt<A> = Promise<E.Either<string, A>>

/** The CA of the ready-made cluster; another one is named with `--hsm-ca-cert`. */
const defaultCaFile = (data: string): string => join(data, 'customerCA.crt')

const currentConfiguration = async (data: string, tool: Tool): Attempt<ClientConfiguration> => {
  const path = clientConfigurationPath(data, tool)
  const text = await readFileIfAny(path)
  if (text === undefined) {
    return E.right(initialConfiguration(defaultCaFile(data), join(data, 'run', `cloudhsm-${tool}.log`)))
  }
  const json = parseJson(text)
  if (json === undefined) return E.left(`${path} is no JSON`)
  const read = readClientConfiguration(json)
  return E.isRight(read) ? read : E.left(`${path} is not as it should be: ${read.left.paths.join(', ')}`)
}

/** Credentials that the endpoint accepts while IAM is switched off. */
const ANY_KEY = 'hsmlab'

/** Fills in the addresses of a cluster that was given by its id alone. */
const withAddresses = async (
  data: string,
  environment: Environment,
  given: CliArguments,
  change: ConfigurationChange,
): Attempt<ConfigurationChange> => {
  if (change.clusterId === undefined || change.addresses !== undefined) return E.right(change)
  const instance = await readInstanceFile(data)
  const url = textOf(given, 'endpoint') ?? environment['AWS_ENDPOINT_URL'] ?? instance?.endpoint
  if (url === undefined || !URL.canParse(url)) {
    return E.left('No AWS endpoint to ask: start the product (npx hsmlab up), or name one with --endpoint http://…')
  }
  const region = textOf(given, 'region') ?? environment['AWS_REGION'] ?? instance?.region ?? 'us-east-1'
  const sessionToken = environment['AWS_SESSION_TOKEN']
  const credentials = {
    accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? ANY_KEY,
    secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? ANY_KEY,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  }
  const resolved = await resolveCluster({ url, region, credentials }, change.clusterId)
  if (E.isLeft(resolved)) return resolved
  return E.right({ ...change, addresses: resolved.right.addresses, hsmType: resolved.right.hsmType })
}

type Verb = keyof ReturnType<typeof configureSyntax>

const configured = async (
  verb: Verb,
  tool: Tool,
  given: CliArguments,
  environment: Environment,
): Attempt<Readonly<{ data: string; configuration: ClientConfiguration }>> => {
  const data = dataDirectory(undefined, environment)
  const current = await currentConfiguration(data, tool)
  if (E.isLeft(current)) return current
  const asked = changeOf(given)
  if (E.isLeft(asked)) return asked
  if (asked.right.hsmCaFile !== undefined && !existsSync(asked.right.hsmCaFile)) {
    return E.left(`There is no file ${asked.right.hsmCaFile}`)
  }
  const apply = async (): Attempt<ClientConfiguration> => {
    if (verb === 'remove') return removeCluster(current.right, asked.right.clusterId ?? '')
    const change = await withAddresses(data, environment, given, asked.right)
    if (E.isLeft(change)) return change
    const edit = verb === 'add' ? addCluster : changeConfiguration
    return edit(current.right, change.right, defaultCaFile(data))
  }
  const configuration = await apply()
  return E.isLeft(configuration) ? configuration : E.right({ data, configuration: configuration.right })
}

const parsedBy = (tool: Tool, words: ReadonlyArray<string>) => {
  const syntax = configureSyntax(tool)
  const verb: Verb = words[0] === 'add-cluster' ? 'add' : words[0] === 'remove-cluster' ? 'remove' : 'change'
  const rest = verb === 'change' ? words : words.slice(1)
  return { verb, parsed: parseCommand(`configure-${tool}`, syntax[verb], rest) }
}

/** `configure-pkcs11` and `configure-cli`. Exit codes as `cloudhsm-cli`: 1 when nothing was changed, 2 for wrong words. */
export const runConfigure = async (
  tool: Tool,
  words: ReadonlyArray<string>,
  { environment, output, errors }: ConfigureWorld,
): Promise<0 | 1 | 2> => {
  if (words[0] === '-V' || words[0] === '--version') {
    output.write(`configure-${tool} ${packageVersion()}\n`)
    return 0
  }
  const { verb, parsed } = parsedBy(tool, words.length === 0 ? ['--help'] : words)
  if (parsed._tag === 'help') {
    output.write(`${parsed.text}\nCommands: add-cluster, remove-cluster (each with --help)\n`)
    return 0
  }
  if (parsed._tag === 'refused') {
    errors.write(parsed.text)
    return 2
  }
  const result = await configured(verb, tool, parsed.given, environment)
  if (E.isLeft(result)) {
    errors.write(`error: ${result.left}\n`)
    return 1
  }
  const path = clientConfigurationPath(result.right.data, tool)
  const text = JSON.stringify(ClientConfiguration.encode(result.right.configuration), undefined, 2)
  await writeSecretFile(path, `${text}\n`)
  output.write(`Wrote ${path}\n`)
  return 0
}
