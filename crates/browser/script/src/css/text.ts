// Texts within CSS selectors.

/** A text as CSS writes it in quotes. */
export function cssText(text: string): string {
  // A line that ends within quotes would end the selector.
  const escaped = text.replace(/[\\"]/g, "\\$&").replace(/[\0-\x1f\x7f]/g, (c) => `\\${c.charCodeAt(0).toString(16)} `);
  return `"${escaped}"`;
}
