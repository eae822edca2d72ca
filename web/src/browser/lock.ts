import { randomId } from './ids'

/** A lease of a tab that was closed meanwhile is over after so long. */
const LEASE_MS = 5_000
const LOOK_MS = 50

/** Run `act` while no other tab of the site runs one under the same name. */
export async function withLock<T>(name: string, act: () => Promise<T>): Promise<T> {
  // Only pages of https and localhost have it.
  const locks = navigator.locks as LockManager | undefined
  return locks === undefined ? withLease(name, act) : locks.request(name, act)
}

/**
 * The same by a lease in the storage that tabs share. It is not exact: two tabs that look at the same moment may both go on, and storage
 * that is switched off locks nothing. So it is only for what the service can take twice, such as refreshing a login.
 */
async function withLease<T>(name: string, act: () => Promise<T>): Promise<T> {
  const place = `playground.lease.${name}`
  const holder = randomId()
  try {
    while (isHeld(localStorage.getItem(place))) await pause(LOOK_MS)
    localStorage.setItem(place, `${Date.now() + LEASE_MS} ${holder}`)
  } catch {
    return act()
  }
  try {
    return await act()
  } finally {
    if (localStorage.getItem(place)?.endsWith(holder)) localStorage.removeItem(place)
  }
}

function isHeld(lease: string | null): boolean {
  const until = Number.parseInt(lease ?? '', 10)
  // A clock that was put back must not make a lease endless.
  return until > Date.now() && until <= Date.now() + LEASE_MS
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
