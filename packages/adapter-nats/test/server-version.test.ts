import test from 'ava'
import { isRecentEnough } from '../src/server-version.ts'

test('2.10.23 and newer versions are recent enough', (t) => {
  for (const version of ['2.10.23', '2.10.27', '2.11.0', '2.12.1-RC.3', '3.0.0', 'v2.10.24'])
    t.true(isRecentEnough(version))
})

test('older versions, and what is no version, are not', (t) => {
  const versions = ['2.10.22', '2.9.99', '2.9.10', '1.99.99', '', 'latest', '2.10', '2.10.23.1', '10', '2.10.2a7']
  for (const version of versions) t.false(isRecentEnough(version), version)
})
