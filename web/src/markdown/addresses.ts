import { resolved } from './entities'

/** The address if it is one of the web or of mail, whole: what is relative would lead into this page. */
export function safeAddress(address: string): string | null {
  try {
    const url = new URL(resolved(address))
    return /^(https?|mailto):$/.test(url.protocol) ? url.href : null
  } catch {
    return null
  }
}
