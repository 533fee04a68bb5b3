#!/usr/bin/env node
await import('../dist/src/configure-pkcs11.js')
