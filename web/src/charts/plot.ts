import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import './plot.css'

/** Builds the options of a chart for a theme and a width. `colour` returns the colour of a design token for the canvas. */
export type Build = (colour: (token: string) => string, width: number) => Omit<uPlot.Options, 'width' | 'height'>

/**
 * Draws a chart into an element, with its width, and redraws it when the width or the theme changes. Returns a function that removes it.
 */
export function plot(element: HTMLElement, height: number, data: uPlot.AlignedData, build: Build): () => void {
  let chart: uPlot | null = null
  let width = 0

  const draw = () => {
    chart?.destroy()
    width = Math.floor(element.clientWidth)
    if (width === 0) return
    const probe = element.appendChild(document.createElement('span'))
    const colour = (token: string) => {
      // Browsers resolve `light-dark()` only for colours, not for variables.
      probe.style.color = `var(${token})`
      return getComputedStyle(probe).color
    }
    const options = build(colour, width)
    probe.remove()
    chart = new uPlot({ ...options, width, height, legend: { show: false } }, data, element)
  }

  const sizes = new ResizeObserver(() => {
    if (Math.floor(element.clientWidth) !== width) draw()
  })
  sizes.observe(element)
  const themes = new MutationObserver(draw)
  themes.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  const system = matchMedia('(prefers-color-scheme: dark)')
  system.addEventListener('change', draw)

  return () => {
    sizes.disconnect()
    themes.disconnect()
    system.removeEventListener('change', draw)
    chart?.destroy()
  }
}

/** The page's font, for the canvas. */
export function font(): string {
  return `12px ${getComputedStyle(document.body).fontFamily}`
}

/** The design token of a series' colour; there are eight. */
export function seriesToken(index: number): string {
  return `--series-${(index % 8) + 1}`
}
