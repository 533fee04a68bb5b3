#!/usr/bin/env node
await import('../dist/bundle/configure-cli.js')
