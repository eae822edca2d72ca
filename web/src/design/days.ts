/** Days in the user's time zone, written as `2026-11-21`. */
export type Day = string

const LANGUAGE = 'en-GB'

/** The day of that moment. `zone`: by default the browser's. */
export function dayOf(moment: string | Date, zone?: string): Day {
  const parts = new Intl.DateTimeFormat('en', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone: zone })
    .formatToParts(new Date(moment))
    .map(({ type, value }) => [type, value] as const)
  const { year, month, day } = Object.fromEntries(parts)
  return `${year}-${month}-${day}`
}

/** The day that is `days` days later, or earlier if negative. */
export function daysAfter(day: Day, days: number): Day {
  // Calculated in UTC, where all days have 24 hours.
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

/** When that day starts in the browser's time zone, in the API's format. */
export function startOf(day: Day): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date).toISOString()
}

/** Whether a text from outside is a valid day. */
export function isDay(text: string | null): text is Day {
  return text !== null && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`))
}

/** Such as `Today`, `Yesterday`, `Friday 20 November`, with the year if it is not this one. */
export function dayTitle(day: Day, today: Day): string {
  if (day === today) return 'Today'
  if (day === daysAfter(today, -1)) return 'Yesterday'
  const sameYear = day.slice(0, 4) === today.slice(0, 4)
  const title = new Intl.DateTimeFormat(LANGUAGE, {
    timeZone: 'UTC',
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(sameYear ? {} : { year: 'numeric' }),
  }).format(new Date(`${day}T00:00:00Z`))
  return title.replace(',', '')
}

/** Such as `20 Nov`, with the year if it is not this one. */
export function shortDay(day: Day, today: Day): string {
  const sameYear = day.slice(0, 4) === today.slice(0, 4)
  return new Intl.DateTimeFormat(LANGUAGE, {
    timeZone: 'UTC',
    day: 'numeric',
    month: 'short',
    ...(sameYear ? {} : { year: 'numeric' }),
  }).format(new Date(`${day}T00:00:00Z`))
}

/** Such as `14:05`. `zone`: by default the browser's. */
export function timeOfDay(moment: string, zone?: string): string {
  return new Intl.DateTimeFormat(LANGUAGE, { hour: '2-digit', minute: '2-digit', timeZone: zone }).format(
    new Date(moment),
  )
}

/** Such as `20 November 2026, 14:05`. `zone`: by default the browser's. */
export function wholeMoment(moment: string, zone?: string): string {
  return new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'long', timeStyle: 'short', timeZone: zone }).format(
    new Date(moment),
  )
}

/** Group adjacent items of the same day, keeping the order. */
export function byDay<T>(items: readonly T[], moment: (item: T) => string, zone?: string): { day: Day; items: T[] }[] {
  const groups: { day: Day; items: T[] }[] = []
  for (const item of items) {
    const day = dayOf(moment(item), zone)
    const last = groups.at(-1)
    if (last?.day === day) last.items.push(item)
    else groups.push({ day, items: [item] })
  }
  return groups
}
