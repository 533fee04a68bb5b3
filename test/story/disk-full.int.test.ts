import test from 'ava'
import { agreement, hsmsOf, makeKey, succeeds } from '../support/cluster.ts'
import { until } from '../support/patience.ts'
import { dataOf, makeHome, up, USER1 } from '../support/product.ts'
import { smallDisk } from '../support/small-disk.ts'

type KeyList = Readonly<{ matched_keys: ReadonlyArray<Readonly<{ attributes: Readonly<{ label: string }> }>> }>

test.serial(
  'a product on a full disk lives, says which HSMs cannot write, and goes on when there is room',
  async (t) => {
    const home = await makeHome(t)
    const disk = await smallDisk(t, home.data, 4)
    if (disk === undefined) return
    const { process, said } = await up(t, home)
    await makeKey(t, home, 'before')
    await agreement(home, 3)

    await disk.fill()
    const words = ['key', 'generate-symmetric', 'aes', '--label', 'meanwhile', '--key-length-bytes', '32']
    const refused = await home.cloudhsmCli(USER1, ...words)
    t.is(refused.status, 1, refused.text)
    const hsms = await until(
      () => hsmsOf(home),
      (shown) => shown.some(({ state }) => state === 'DEGRADED'),
    )
    // What it holds is not known of an HSM that cannot run.
    for (const { state, digest, keys } of hsms) t.true(state === 'ACTIVE' || (digest ?? keys) === undefined)

    await disk.clear()
    await agreement(home, 3)
    await makeKey(t, home, 'after')
    await agreement(home, 3)
    const listed = dataOf<KeyList>(await home.cloudhsmCli(USER1, 'key', 'list'))
    const labels = new Set(listed.matched_keys.map(({ attributes }) => attributes.label))
    t.true(labels.has('before') && labels.has('after'))
    await succeeds(t, home, 'replay', '--verify')
    // The audit sink has caught up with what it could not write.
    await until(
      () => home.hsmlab('audit', 'verify'),
      ({ status, text }) => status === 0 && (text.match(/complete and unaltered/g)?.length ?? 0) === 3,
    )
    t.is(process.exitCode, null)
    t.is(said().errors, '')
  },
)
