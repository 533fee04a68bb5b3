import test from 'ava'
import { signatureOf } from '../../src/configure/sign-request.ts'

test("the signature of AWS's own example is computed", (t) => {
  // "get-vanilla" of the Signature Version 4 test suite.
  const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
  const canonicalRequest = [
    'GET',
    '/',
    '',
    'host:example.amazonaws.com\nx-amz-date:20150830T123600Z\n',
    'host;x-amz-date',
    emptyHash,
  ].join('\n')
  t.is(
    signatureOf(
      'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
      '20150830T123600Z',
      ['20150830', 'us-east-1', 'service', 'aws4_request'],
      canonicalRequest,
    ),
    '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  )
})
