#!/usr/bin/env node
await import('../dist/src/cloudhsm-cli.js')
