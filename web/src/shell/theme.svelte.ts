export type Theme = 'system' | 'light' | 'dark'

export const themes: Record<Theme, string> = { system: 'System', light: 'Light', dark: 'Dark' }

/** Light, dark, or the system's theme. `public/theme.js` sets it before the first paint. */
class ThemeChoice {
  chosen = $state<Theme>(stored())

  /** Called with the user's choice, which is stored in the account. */
  onChosen: ((theme: Theme) => void) | null = null

  /** Set the user's choice. */
  choose(theme: Theme): void {
    this.show(theme)
    this.onChosen?.(theme)
  }

  /** Apply a choice made elsewhere. */
  show(theme: Theme): void {
    this.chosen = theme
    if (theme === 'system') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = theme
    try {
      // As plain text, because `public/theme.js` reads it too.
      localStorage.setItem('playground.theme', theme)
    } catch {
      // Storage is disabled, so it applies until the page is closed.
    }
  }
}

function stored(): Theme {
  const theme = document.documentElement.dataset['theme']
  return theme === 'light' || theme === 'dark' ? theme : 'system'
}

export const theme = new ThemeChoice()
