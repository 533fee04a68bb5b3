import { runCloudhsmCli } from './cloudhsm/main.ts'

process.exitCode = await runCloudhsmCli(process.argv.slice(2), {
  environment: process.env,
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
})
