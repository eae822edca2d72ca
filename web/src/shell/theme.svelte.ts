export type Theme = 'system' | 'light' | 'dark'

export const themes: Record<Theme, string> = { system: 'System', light: 'Light', dark: 'Dark' }

/** Light, dark, or as the system has it. `public/theme.js` sets it before the first paint. */
class ThemeChoice {
  chosen = $state<Theme>(stored())

  /** Told of what the user chooses; it is kept with the account. */
  told: ((theme: Theme) => void) | null = null

  /** As the user wants it from now on. */
  choose(theme: Theme): void {
    this.show(theme)
    this.told?.(theme)
  }

  /** As it was chosen elsewhere. */
  show(theme: Theme): void {
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
