/** Log an error without consequences for the rest of the page to the browser's console, for developers. */
export function warn(what: string, error: unknown): void {
  // eslint-disable-next-line no-console -- the page has no other place for what users can do nothing about
  console.warn(what, error)
}
