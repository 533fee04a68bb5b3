/** A command or an event: what crosses a wire or lies on a log carries `type`. */
export type Message<Type extends string, Data extends object = object> = Readonly<{ type: Type } & Data>

/** A rejection or a failure: what stays in the process carries `_tag`. */
export type Tagged<Tag extends string, Data extends object = object> = Readonly<{ _tag: Tag } & Data>
