import { endOnBrokenPipe } from './shared/broken-pipe.ts'
import { runCloudhsmCli } from './cloudhsm/main.ts'

endOnBrokenPipe(process.stdout)
process.exitCode = await runCloudhsmCli(process.argv.slice(2), {
  environment: process.env,
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
})
