import test from 'ava'
import { diskContract } from '@hsmlab/ports/contract'
import { levelDisk } from '../src/index.ts'
import { temporaryDirectory } from './temporary-directory.ts'

diskContract(test, async (t) => levelDisk(await temporaryDirectory(t)))
