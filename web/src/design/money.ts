import type { Money } from '../api/shapes'

/** The exact sum of decimal strings. */
export function sum(amounts: readonly Money[]): Money {
  const scale = Math.max(0, ...amounts.map((amount) => decimals(amount)))
  const total = amounts.reduce((before, amount) => before + units(amount, scale), 0n)
  const digits = (total < 0n ? -total : total).toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  return `${total < 0n ? '-' : ''}${whole}${fraction && `.${fraction}`}`
}

function decimals(amount: Money): number {
  return plain(amount).split('.')[1]?.length ?? 0
}

function units(amount: Money, scale: number): bigint {
  const [whole = '0', fraction = ''] = plain(amount).split('.')
  return BigInt(whole + fraction.padEnd(scale, '0'))
}

/** Write `1.5E-7` as `0.00000015`. */
function plain(amount: Money): string {
  return /e/i.test(amount)
    ? Number(amount)
        .toFixed(20)
        .replace(/\.?0+$/, '')
    : amount
}

/** For people: whole cents from ten cents on, and three significant digits below. Only zero looks like zero. */
export function dollars(amount: Money | number): string {
  const value = Number(amount)
  if (value === 0) return '$0'
  const size = Math.abs(value)
  if (size >= 0.1) return `$${value.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
  if (size < 0.000001) return '<$0.000001'
  const places = Math.min(2 - Math.floor(Math.log10(size)), 8)
  return `$${value.toFixed(places).replace(/0+$/, '')}`
}
