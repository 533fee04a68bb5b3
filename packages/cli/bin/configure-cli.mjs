#!/usr/bin/env node
await import('../dist/src/configure-cli.js')
