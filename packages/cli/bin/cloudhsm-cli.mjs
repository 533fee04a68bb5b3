#!/usr/bin/env node
await import('../dist/bundle/cloudhsm-cli.js')
