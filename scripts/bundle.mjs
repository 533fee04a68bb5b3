import { readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * Packs what is started, after the compiler: the commands of packages/cli, and each service. Node resolves and compiles
 * some six hundred small modules for one start otherwise, which takes as long as everything that the start is for.
 */

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const HEAVY_WORKER = 'packages/adapter-node/dist/src/openssl/heavy-worker.js'

/** classic-level is native and finds its binary by its own path; pino finds its worker so. */
const external = ['classic-level', 'pino']

const bundle = async (folder, entries) => {
  const outdir = join(root, folder, 'dist/bundle')
  rmSync(outdir, { recursive: true, force: true })
  await build({
    absWorkingDir: root,
    entryPoints: { ...entries, 'heavy-worker': HEAVY_WORKER },
    outdir,
    external,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    // What libraries have as ES modules too is linked, not wrapped: a third of the time that loading takes.
    mainFields: ['module', 'main'],
    alias: { 'fp-ts/lib': 'fp-ts/es6' },
    target: 'node20.19',
    logLevel: 'warning',
    // What CommonJS packages require of Node.
    banner: { js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)" },
  })
}

const COMMANDS = ['hsmlab', 'cloudhsm-cli', 'configure-cli', 'configure-pkcs11']
const services = readdirSync(join(root, 'services'))

await Promise.all([
  bundle(
    'packages/cli',
    Object.fromEntries(COMMANDS.map((command) => [command, `packages/cli/dist/src/${command}.js`])),
  ),
  ...services.map((service) => bundle(join('services', service), { main: `services/${service}/dist/src/main.js` })),
])
