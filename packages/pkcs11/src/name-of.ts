/** The first name that `table` has for `value`; unknown values as hexadecimal. */
export const nameOf = (table: Readonly<Record<string, number>>, value: number): string => {
  for (const name in table) if (table[name] === value) return name
  return `0x${value.toString(16).padStart(8, '0')}`
}
