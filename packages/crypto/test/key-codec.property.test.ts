import { fc, testProp } from '@fast-check/ava'
import { decodeKeyMaterial, encodeKeyMaterial } from '../src/index.ts'

testProp(
  'any bytes are one encoding of some material, or none',
  [fc.uint8Array({ maxLength: 60, size: 'max' })],
  (t, bytes) => {
    const material = decodeKeyMaterial(bytes)
    if (material === undefined) t.pass()
    else t.deepEqual(encodeKeyMaterial(material), bytes)
  },
)
