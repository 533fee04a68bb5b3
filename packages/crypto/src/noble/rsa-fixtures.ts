import type { RsaKeyPair } from '../engine.ts'
import { rsaKeyFromPrimes } from '../rsa/key-from-primes.ts'

/** The primes of RSA keys of 2048 bits. They are public: whatever such a key protects is not protected. */
const PRIMES: ReadonlyArray<readonly [bigint, bigint]> = [
  [
    0xc99e524d929563aaf134087ff613b1d68874353c5b7196f3aa0cbc90fbd456b40b13105edd1461cbb1b05ff0325d2d4fd6a239570c1823f7a6717b3526003a914c8cf9005edadaf4184925ee97ff3c4b864a951de73a5761d6e13ce1cba8b7880cedf2e6f0f4df480cb49365c53fe7eb8be479c463593b56ba7887f2beb655a5n,
    0xc0f0bcf46de816d0a4ae8692333db7795fb6e5eb8fbc54b8793761c67491ee011a45468a8987128a716d72b9d37e904684b74bb02ecf18a5188199b423e3a4c1d9cc78839ab3882f44b66213b5e33b41e3667ee0688e4a2191ae982cf44c2474957c1ee4ea0607f8a40cc1b4e9c823b9aad1602fa2f0cef5192d920274216767n,
  ],
  [
    0xfac6044b3f1245f19206a1ed1ceae838514b762df28b206224cc786a22deb5fde2e53f25710166104e4ee18a7e9388760e46c1ba577fa7d26f69c3016977c33e801d3e0b9396cfcb0718baa9382b8c0375b5c21a701c3179a6e1bf5d077300c4b4bf175ec5c77c87d16917d636381cc1d81d3bc79db4f515b31926a3ec91deafn,
    0xb97e19f09d0f81a2d6d2cd0a8fd7755ba9c80fafada2e2d3d58487845ed95be080dfe75ec51ce8a48e120496b58077e632ebfebe89e416d4fbbc258f045e78485279b73fa80bd84ca1b5fac155ca7da78f9b01d16eac65f3179e8f4c9eb8124656f32ea10f6fc6911e3805ff6284ea4bca43a19882e01c62abc4bf58afbfddd3n,
  ],
  [
    0xfa253b8f2bf7bc86f1c6ed88c2ce2e3890c30f158bed40aad530577f9ffeb5a2d2da070c49215d47ef55d454853370ce0095edd2a663b0614305f08b632b04c9d6db8ef31c46e42a2c5a480b2178541e47511da59dd8ef978696b5dafa7be9c41a59ae40adc080825d55118e5f1734ca3f5f5dd287ce727e7d4ef4e851431139n,
    0xd945a134e601c0453e30b5a2999834d023c04f95b29cfbf7cf886ef88207c44a6abf04bc4e30d0d155b8a816a5b6c6f3d248e0d94f38d49850435d740362b2663ea561d23978f0b595c8279bbe401369615394b32a5acb134a4f6a4b0a891ea131b409833ce8f726bc9fe6ee9bfa92f59662d2500780c78d352e4129bd767653n,
  ],
]

const EXPONENT = 65537n

const keyPair = ([p, q]: readonly [bigint, bigint]): RsaKeyPair => {
  const pair = rsaKeyFromPrimes(p, q, EXPONENT)
  if (pair === undefined) throw new Error('invariant broken: the fixture primes make keys')
  return pair
}

/** A pool for `nobleEngine`, which cannot make RSA keys: three of 2048 bits with the exponent 65537. */
export const RSA_FIXTURES: ReadonlyArray<RsaKeyPair> = PRIMES.map(keyPair)
