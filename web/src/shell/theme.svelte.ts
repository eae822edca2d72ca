export type Theme = 'system' | 'light' | 'dark'

/** Light, dark, or as the system has it. `public/theme.js` sets it before the first paint. */
class ThemeChoice {
  chosen = $state<Theme>(stored())

  choose(theme: Theme): void {
    this.chosen = theme
    if (theme === 'system') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = theme
    try {
      // As plain text: `public/theme.js` reads it too.
      localStorage.setItem('playground.theme', theme)
    } catch {
      // Storage is switched off: it holds until the page is closed.
    }
  }
}

function stored(): Theme {
  const theme = document.documentElement.dataset['theme']
  return theme === 'light' || theme === 'dark' ? theme : 'system'
}

export const theme = new ThemeChoice()
