/** The URLs of the fonts in a style sheet, without its rules (`katexFonts` in vite.config.ts). */
declare module '*.css?fonts'
