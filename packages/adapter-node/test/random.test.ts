import test from 'ava'
import { randomContract } from '@hsmlab/ports/contract'
import { systemRandom } from '../src/index.ts'

randomContract(test, () => systemRandom)
