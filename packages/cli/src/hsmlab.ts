import { endOnBrokenPipe } from './shared/broken-pipe.ts'
import { runHsmlab } from './hsmlab/program/run.ts'

endOnBrokenPipe(process.stdout)
process.exitCode = await runHsmlab(process.argv.slice(2), {
  environment: process.env,
  output: process.stdout,
  errors: process.stderr,
  onStopSignal: (run) => {
    process.on('SIGINT', run)
    process.on('SIGTERM', run)
  },
})
