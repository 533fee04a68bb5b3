#!/usr/bin/env node
await import('../dist/bundle/hsmlab.js')
