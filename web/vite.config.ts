import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const OUTPUT = '../playground/page/built'

/** At most so much JavaScript, compressed by gzip, before something is seen. */
const FIRST_VIEW_BYTES = 150_000

/** Writes `.br` and `.gz` beside what compresses, so that the service never compresses anything itself. */
function compressed(): Plugin {
  let folder = ''
  return {
    name: 'compressed',
    apply: 'build',
    configResolved(config) {
      folder = join(config.root, config.build.outDir)
    },
    closeBundle() {
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(js|css|svg|html)$/.test(name)) continue
        const content = readFileSync(join(folder, name))
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(content))
        writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }))
      }
    },
  }
}

/** Ends the build when the first view needs more JavaScript than it may: what is needed later is to be imported when it is. */
function smallFirstView(): Plugin {
  return {
    name: 'small-first-view',
    apply: 'build',
    generateBundle(_options, bundle) {
      const first = new Set(
        Object.values(bundle).flatMap((file) => ('isEntry' in file && file.isEntry ? [file.fileName] : [])),
      )
      // What is found on the way is looked at as well.
      for (const name of first) {
        const file = bundle[name]
        if (file?.type === 'chunk') for (const imported of file.imports) first.add(imported)
      }
      const sizes = [...first].map((name) => {
        const file = bundle[name]
        return file?.type === 'chunk' ? gzipSync(file.code, { level: 9 }).length : 0
      })
      const size = sizes.reduce((sum, each) => sum + each, 0)
      if (size === 0 || size > FIRST_VIEW_BYTES)
        this.error(`JavaScript of the first view: ${size} bytes compressed, at most ${FIRST_VIEW_BYTES} are wanted.`)
    },
  }
}

/**
 * KaTeX brings each of its fonts three times; every browser that this page is built for takes the smallest. And what says where they are
 * is apart (`?fonts`): a browser that learns of a new font lays the whole page out anew, which must not happen at the first formula.
 */
function katexFonts(): Plugin {
  return {
    name: 'katex-fonts',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes('katex.min.css')) return null
      const fonts = code.match(/@font-face\{[^}]+\}/g) ?? []
      if (fonts.length === 0) this.error('There are no fonts in the style sheet of KaTeX.')
      if (!id.endsWith('?fonts')) return fonts.reduce((rest, font) => rest.replace(font, ''), code)
      return fonts.join('').replace(/,url\([^)]+\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)/g, '')
    },
  }
}

export default defineConfig({
  plugins: [svelte(), katexFonts(), smallFirstView(), compressed()],
  build: {
    outDir: OUTPUT,
    emptyOutDir: true,
    target: ['chrome123', 'firefox121', 'safari17.5'],
    // The Content-Security-Policy has no place for data: but in images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    // `npm run dev` beside a running service: all that is no page comes from there.
    proxy: Object.fromEntries(
      ['/auth', '/users', '/models', '/playground', '/reports', '/admin', '/health', '/docs', '/openapi.json'].map(
        (path) => [path, 'http://127.0.0.1:4000'],
      ),
    ),
  },
  // Some tests count steps over long texts, which a busy machine takes long for.
  // One document for all of them: to make one for each file takes longer than the tests.
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'], testTimeout: 120_000, isolate: false },
  ...(process.env['VITEST'] ? { resolve: { conditions: ['browser'] } } : {}),
})
