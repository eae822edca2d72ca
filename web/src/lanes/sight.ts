/** How far from the screen an answer counts as seen: who scrolls should not see it being made. */
const MARGIN = '400px'

const watched = new WeakMap<Element, (seen: boolean) => void>()

/** One for all: the browser looks at each of them in every frame. */
const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) watched.get(target)?.(isIntersecting)
  },
  { rootMargin: MARGIN, scrollMargin: MARGIN },
)

/** Tells whether `element` is on the screen, or near it, now and whenever that changes; until the returned function is called. */
export function watchSight(element: Element, onchange: (seen: boolean) => void): () => void {
  watched.set(element, onchange)
  observer.observe(element)
  return () => {
    observer.unobserve(element)
    watched.delete(element)
  }
}
