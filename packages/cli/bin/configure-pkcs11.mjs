#!/usr/bin/env node
await import('../dist/bundle/configure-pkcs11.js')
