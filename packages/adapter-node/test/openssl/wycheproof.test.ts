import test from 'ava'
import { wycheproofContract } from '@hsmlab/crypto/contract'
import { opensslEngine } from '../../src/index.ts'
import { readWycheproof } from '../wycheproof-files.ts'

const engine = opensslEngine()
test.after.always(() => engine.close())

wycheproofContract(test, engine, readWycheproof)
