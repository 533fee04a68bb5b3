/** An option as a table of commands names it, without its dashes. */
export type CliOption = Readonly<{
  name: string
  /** One letter that may stand for the name. */
  short?: string
  /** What stands for its value in help. */
  value: string
  summary: string
  required?: true
  /** The value may be left out: `[--password [<PASSWORD>]]`. */
  optionalValue?: true
  /** Takes all values up to the next option. */
  many?: true
  /** Takes no value. */
  flag?: true
  choices?: ReadonlyArray<string>
  /** What completes a value that is no choice. */
  suggestions?: ReadonlyArray<string>
}>

/** What parsing and help need of a command. */
export type CommandSyntax = Readonly<{
  path: ReadonlyArray<string>
  summary: string
  options: ReadonlyArray<CliOption>
}>

/** What was given: text, several texts, or true for a flag and for an option whose value was left out. */
export type CliArguments = Readonly<Record<string, string | ReadonlyArray<string> | true | undefined>>

export type Unparsed =
  | Readonly<{ _tag: 'help'; text: string }>
  /** `text` says what is wrong with the words, and how they go. */
  | Readonly<{ _tag: 'refused'; text: string }>

export type Parsed<C extends CommandSyntax> = Readonly<{ _tag: 'run'; command: C; given: CliArguments }> | Unparsed
