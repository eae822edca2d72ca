import { load, store } from '../shell/storage'

/**
 * Prompts that were typed but not sent, for a new comparison (`null`) or for the next turn of a session. The newest ones survive a reload.
 */
const MOST = 20

export function draftOf(session: string | null): string {
  return load<[string, string][]>('drafts', []).find(([name]) => name === (session ?? ''))?.[1] ?? ''
}

export function keepDraft(session: string | null, text: string): void {
  const name = session ?? ''
  const others = load<[string, string][]>('drafts', []).filter(([each]) => each !== name)
  store('drafts', (text === '' ? others : [[name, text], ...others]).slice(0, MOST))
}
