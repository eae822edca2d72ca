// Before anything is painted, so that a dark page never flashes white. A file of its own: inline scripts are not allowed here.
try {
  const theme = localStorage.getItem('playground.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage is switched off: the system's theme stays.
}
