#!/usr/bin/env node
await import('../dist/src/hsmlab.js')
