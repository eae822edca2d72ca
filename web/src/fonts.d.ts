/** Where the fonts of a style sheet are, without its rules (`katexFonts` in vite.config.ts). */
declare module '*.css?fonts'
