/** Ends the process quietly when whoever read its output has gone, as `head` does. */
export const endOnBrokenPipe = (output: NodeJS.WriteStream): void => {
  output.on('error', (error: Error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit(0)
    throw error
  })
}
