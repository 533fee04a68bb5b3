import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'

/**
 * Members by name, whatever the names are: io-ts' own record assigns them, and so loses the one called `__proto__`,
 * which is a valid user name.
 */
export const namedRecord = <A, O>(
  member: t.Type<A, O>,
): t.Type<Readonly<Record<string, A>>, Readonly<Record<string, O>>> => {
  type Members = Readonly<Record<string, A>>
  return new t.Type<Members, Readonly<Record<string, O>>>(
    `Named<${member.name}>`,
    (u): u is Members => t.UnknownRecord.is(u) && Object.keys(u).every((name) => member.is(u[name])),
    (u, context) => {
      if (!t.UnknownRecord.is(u)) return t.failure(u, context)
      const members: Array<readonly [string, A]> = []
      for (const name of Object.keys(u)) {
        const decoded = member.validate(u[name], t.appendContext(context, name, member, u[name]))
        if (E.isLeft(decoded)) return decoded
        members.push([name, decoded.right])
      }
      return t.success(Object.fromEntries(members))
    },
    (members) => Object.fromEntries(Object.keys(members).map((name) => [name, member.encode(members[name] as A)])),
  )
}
