/** How wide and with what to indent; everything else about the style is fixed. */
export interface FormatOptions {
  /** Columns; a line is longer only where it cannot be broken. */
  readonly printWidth: number;
  /** Columns of one level. */
  readonly tabWidth: number;
  readonly useTabs: boolean;
}

export const defaultFormat: FormatOptions = { printWidth: 140, tabWidth: 2, useTabs: false };
