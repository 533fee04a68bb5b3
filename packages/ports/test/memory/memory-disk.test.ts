import test from 'ava'
import { diskContract } from '../../src/contract/disk.ts'
import { memoryDisk } from '../../src/memory/memory-disk.ts'

diskContract(test, memoryDisk)
