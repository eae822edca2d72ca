import { resolved } from './entities'

/** The address if it is an absolute web or mail address; a relative one would point into this page. */
export function safeAddress(address: string): string | null {
  try {
    const url = new URL(resolved(address))
    return /^(https?|mailto):$/.test(url.protocol) ? url.href : null
  } catch {
    return null
  }
}
