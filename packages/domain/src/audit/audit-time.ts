const MICROS_PER_SECOND = 1_000_000
const SECONDS_PER_DAY = 86_400

const digits = (value: number, width: number): string => String(value).padStart(width, '0')

/** Year, month and day (UTC) of a day counted from 1970-01-01, in the proleptic Gregorian calendar (ISO 8601). */
export const civilDate = (day: number): Readonly<{ year: number; month: number; dayOfMonth: number }> => {
  const shifted = day + 719_468 // From 0000-03-01: the leap day then ends a year.
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    dayOfMonth: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  }
}

/** `MM/DD/YY HH:MM:SS.uuuuuu` (UTC) of wall microseconds since 1970-01-01T00:00:00Z. */
export const auditTime = (timeMicros: number): string => {
  const seconds = Math.floor(timeMicros / MICROS_PER_SECOND)
  const { year, month, dayOfMonth } = civilDate(Math.floor(seconds / SECONDS_PER_DAY))
  const ofDay = seconds % SECONDS_PER_DAY
  const clock = [Math.floor(ofDay / 3600), Math.floor(ofDay / 60) % 60, ofDay % 60].map((part) => digits(part, 2))
  const date = [month, dayOfMonth, year % 100].map((part) => digits(part, 2))
  return `${date.join('/')} ${clock.join(':')}.${digits(timeMicros % MICROS_PER_SECOND, 6)}`
}
