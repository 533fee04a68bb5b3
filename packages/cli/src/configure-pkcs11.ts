import { runConfigure } from './configure/main.ts'

process.exitCode = await runConfigure('pkcs11', process.argv.slice(2), {
  environment: process.env,
  output: process.stdout,
  errors: process.stderr,
})
