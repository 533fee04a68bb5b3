import { runConfigure } from './configure/main.ts'

process.exitCode = await runConfigure('cli', process.argv.slice(2), {
  environment: process.env,
  output: process.stdout,
  errors: process.stderr,
})
