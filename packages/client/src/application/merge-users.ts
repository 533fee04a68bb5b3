import type { UserView } from '@hsmlab/protocol'
import type { Agreed, ClusterUser } from '../face.ts'

const agreed = <A>(values: ReadonlyArray<A>): Agreed<A> => {
  const [first] = values
  return first !== undefined && values.every((value) => value === first) ? first : 'inconsistent'
}

const lockedText = ({ locked }: UserView): 'true' | 'false' => (locked ? 'true' : 'false')

/** The users of all HSMs as one list, in the order in which they come up ("user list", CloudHSM CLI). */
export const mergeUsers = (lists: ReadonlyArray<ReadonlyArray<UserView>>): ReadonlyArray<ClusterUser> => {
  const byName = new Map<string, UserView[]>()
  for (const user of lists.flat()) {
    const views = byName.get(user.username)
    if (views === undefined) byName.set(user.username, [user])
    else views.push(user)
  }
  return [...byName].map(([username, views]) => ({
    username,
    role: agreed(views.map(({ role }) => role)),
    locked: agreed(views.map(lockedText)),
    coverage: views.length === lists.length ? 'full' : 'inconsistent',
  }))
}
