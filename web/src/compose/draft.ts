import { keep, recall } from '../shell/storage'

/** What was typed and not sent, for a new comparison (`null`) or for the next turn of a session. The newest few survive a reload. */
const MOST = 20

export function draftOf(session: string | null): string {
  return recall<[string, string][]>('drafts', []).find(([name]) => name === (session ?? ''))?.[1] ?? ''
}

export function keepDraft(session: string | null, text: string): void {
  const name = session ?? ''
  const others = recall<[string, string][]>('drafts', []).filter(([each]) => each !== name)
  keep('drafts', (text === '' ? others : [[name, text], ...others]).slice(0, MOST))
}
