/** Numbers in the form that people read. */
const whole = new Intl.NumberFormat('en')

export function count(value: number): string {
  return whole.format(value)
}

/** Such as `1 answer`, `2,000 answers`. */
export function counted(value: number, what: string): string {
  return `${count(value)} ${what}${value === 1 ? '' : 's'}`
}

/** Such as `128k`, `1M`, where an approximate size is enough. */
export function rough(value: number): string {
  if (value >= 1_000_000) return `${trimmed(value / 1_000_000)}M`
  return value >= 1_000 ? `${trimmed(value / 1_000)}k` : String(value)
}

/** Such as `320 bytes`, `4.1 KB`, `1.2 MB`. */
export function bytes(size: number): string {
  if (size < 1_000) return counted(size, 'byte')
  return size < 1_000_000 ? `${trimmed(size / 1_000)} KB` : `${trimmed(size / 1_000_000)} MB`
}

function trimmed(value: number): string {
  return value >= 10 ? Math.round(value).toString() : value.toFixed(1).replace(/\.0$/, '')
}

/** Such as `240 ms`, `3.1 s`, `2:05 min`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`
  const seconds = milliseconds / 1_000
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`
  const rounded = Math.round(seconds)
  return `${Math.floor(rounded / 60)}:${String(rounded % 60).padStart(2, '0')} min`
}

/** For a countdown, such as `19 s`, `2:05 min`. */
export function wholeSeconds(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000)
  return seconds < 100 ? `${seconds} s` : duration(seconds * 1_000)
}

export function rate(tokensPerSecond: number): string {
  return `${tokensPerSecond >= 100 ? Math.round(tokensPerSecond) : tokensPerSecond.toFixed(1)} tok/s`
}
