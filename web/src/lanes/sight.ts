/** The distance from the screen within which an answer counts as visible, so that it is ready when it is scrolled into view. */
const MARGIN = '400px'

const watched = new WeakMap<Element, (seen: boolean) => void>()

/** One observer for all, because the browser checks each of them in every frame. */
const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) watched.get(target)?.(isIntersecting)
  },
  { rootMargin: MARGIN, scrollMargin: MARGIN },
)

/** Calls back with whether `element` is on or near the screen, now and on changes, until the returned function is called. */
export function watchSight(element: Element, onchange: (seen: boolean) => void): () => void {
  watched.set(element, onchange)
  observer.observe(element)
  return () => {
    observer.unobserve(element)
    watched.delete(element)
  }
}
