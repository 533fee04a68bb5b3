import { runHsmlab } from './hsmlab/program.ts'

process.exitCode = await runHsmlab(process.argv.slice(2), {
  environment: process.env,
  output: process.stdout,
  errors: process.stderr,
  onStopSignal: (run) => {
    process.on('SIGINT', run)
    process.on('SIGTERM', run)
  },
})
