import { randomId } from './ids'

/** After this time, the lease of a tab that was closed expires. */
const LEASE_MS = 5_000
const LOOK_MS = 50

/** Run `act` while no other tab of the site runs an action with the same name. */
export async function withLock<T>(name: string, act: () => Promise<T>): Promise<T> {
  // Only available on https and localhost.
  const locks = navigator.locks as LockManager | undefined
  return locks === undefined ? withLease(name, act) : locks.request(name, act)
}

/**
 * The same with a lease in the storage shared by tabs. It is not exact: two tabs that check at the same moment may both continue, and
 * without storage nothing is locked. So use it only for actions that the service can accept twice, such as refreshing a login.
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
  // If the clock was set back, the lease must not last forever.
  return until > Date.now() && until <= Date.now() + LEASE_MS
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
