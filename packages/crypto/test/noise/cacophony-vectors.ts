import type { NoisePattern } from '../../src/noise/patterns.ts'

export type NoiseVector = Readonly<{
  pattern: NoisePattern
  initPrologue: string
  initStatic?: string
  initEphemeral: string
  initRemoteStatic: string
  respPrologue: string
  respStatic: string
  respEphemeral: string
  respRemoteStatic?: string
  handshakeHash: string
  messages: ReadonlyArray<Readonly<{ payload: string; ciphertext: string }>>
}>

/**
 * `vectors/cacophony.txt` of haskell-cryptography/cacophony (commit 8ee9d41e34a1, public domain by the Unlicense), those
 * of our three protocols, with its names in camel case. All bytes are hexadecimal.
 */
export const CACOPHONY_VECTORS: ReadonlyArray<NoiseVector> = [
  {
    pattern: 'NK',
    initPrologue: '4a6f686e2047616c74',
    initEphemeral: '893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a',
    initRemoteStatic: '31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62',
    respPrologue: '4a6f686e2047616c74',
    respStatic: '4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893',
    respEphemeral: 'bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b',
    handshakeHash: 'f8a87aa8add4fea6e33365b89637486c2f6564546ce29d1df9ce9abf78c507d7',
    messages: [
      {
        payload: '4c756477696720766f6e204d69736573',
        ciphertext:
          'ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c794475ab4d66d222457dd414bc5f296bc7b4078cc7d72af5192628b68bca7d28844b',
      },
      {
        payload: '4d757272617920526f746862617264',
        ciphertext:
          '95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f14480884303c7d89310502baa8299520ba451624c3c0492e2698f8d457c32400b91fd8a',
      },
      {
        payload: '462e20412e20486179656b',
        ciphertext: '304f70c37c93573099228016d54cb15213af94eb598d1b17df1153',
      },
      {
        payload: '4361726c204d656e676572',
        ciphertext: 'a1bf6c954529f29b31d8ae9f67d2c18dbd332aa1a0918690c6d80b',
      },
      {
        payload: '4a65616e2d426170746973746520536179',
        ciphertext: '2e8f3e51888360b2b2d83a64dde9943c7dd3c5e84ac7c4b4e2d5cfc025b6c854d3',
      },
      {
        payload: '457567656e2042f6686d20766f6e2042617765726b',
        ciphertext: '8498bf41212a8b87c9eeb408274c75b3558fd0530865b5a7932d4b3af812d85b3df27e6f33',
      },
    ],
  },
  {
    pattern: 'XK',
    initPrologue: '4a6f686e2047616c74',
    initStatic: 'e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1',
    initEphemeral: '893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a',
    initRemoteStatic: '31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62',
    respPrologue: '4a6f686e2047616c74',
    respStatic: '4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893',
    respEphemeral: 'bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b',
    handshakeHash: '4f5a40e425d3adcdb2c715d988e4ef8763ed0f8aa0fe78e2d2879d71b2d38186',
    messages: [
      {
        payload: '4c756477696720766f6e204d69736573',
        ciphertext:
          'ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944e11634ba393ac9f93896f767741fe7297c64b52a95b20bc07a8c5983eb100a5e',
      },
      {
        payload: '4d757272617920526f746862617264',
        ciphertext:
          '95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843aabea6c8883a5a6de7804420322c70994289ffe724df10411be50430b113da',
      },
      {
        payload: '462e20412e20486179656b',
        ciphertext:
          '99e0eed98437100ab575e5aa157f20ae23f024a43c58628646991c47e81e64af9c46165872069c5794e99a6d116142986f3b803df2a6c12f39702f669d5d7818511d6b41218f19cea974ea',
      },
      {
        payload: '4361726c204d656e676572',
        ciphertext: 'c0502067840ee81f03a76badcc8c4264847069452a9f7531d74f68',
      },
      {
        payload: '4a65616e2d426170746973746520536179',
        ciphertext: 'e2ce8208bd0c04c6ad779ae52b429d8cb6128a245297857e2c593576c75098b071',
      },
      {
        payload: '457567656e2042f6686d20766f6e2042617765726b',
        ciphertext: '5b75e02c3584b6b202de94cc05d6063970c9da7e67283c258820381207706cd767b5b1152d',
      },
    ],
  },
  {
    pattern: 'KK',
    initPrologue: '4a6f686e2047616c74',
    initStatic: 'e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1',
    initEphemeral: '893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a',
    initRemoteStatic: '31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62',
    respPrologue: '4a6f686e2047616c74',
    respStatic: '4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893',
    respEphemeral: 'bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b',
    respRemoteStatic: '6bc3822a2aa7f4e6981d6538692b3cdf3e6df9eea6ed269eb41d93c22757b75a',
    handshakeHash: 'c03693acd830588fac76dd414c9e100e8c601d27511de855100239f7705fa3f2',
    messages: [
      {
        payload: '4c756477696720766f6e204d69736573',
        ciphertext:
          'ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79448564738a841228e693caeec4c497a8bd562231c3e51a1f03c4fd45dfe3a67870',
      },
      {
        payload: '4d757272617920526f746862617264',
        ciphertext:
          '95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843b94504c4d83506f5dd2568b68490eba8ed6f9cf2cca194a273c56d7ae3c558',
      },
      {
        payload: '462e20412e20486179656b',
        ciphertext: '6a5c10a201d4e3a08f79f64949e55731f774913a4d949bda3fcebf',
      },
      {
        payload: '4361726c204d656e676572',
        ciphertext: '4e8a1bf06926fdd74e2f516e2b0c11cc1dc3387fadeb75389d4342',
      },
      {
        payload: '4a65616e2d426170746973746520536179',
        ciphertext: 'c1df7194ca8ea51d4dd99059bc9b90288112d47237d8481f1773fb26a31629a05c',
      },
      {
        payload: '457567656e2042f6686d20766f6e2042617765726b',
        ciphertext: '3edba4feaf590ee88dd8f5fba51db4bee651cf41afd410fe476c524ac9b1db24252fc55ff8',
      },
    ],
  },
]
