// Whether a program has made up an id or a name, so that the next visit has another one.

/** Libraries that number their elements; a small number behind one of these says nothing. */
const NUMBERING =
  /^(aria|cdk|chakra|downshift|ember|ext|ext-gen|floating-ui|fluent|gwt|headlessui|jquery|mantine|mat|mui|ng|primereact|pv|radix|rc|react|react-aria|react-select|reach|select2|tippy|uid|ui-id|vaadin|yui)\b/i;
/** The marks that frameworks put around ids of their own: `:r1:`, `«r1»`. */
const MARKS = /[:«»]|^_r_/;

export function looksGenerated(value: string): boolean {
  if (MARKS.test(value)) return true;
  if (NUMBERING.test(value) && /\d/.test(value)) return true;
  return value.split(/[-_.\s]+/).some(isArbitrary);
}

/** A long number, a hexadecimal number, or letters and digits in turns. */
function isArbitrary(token: string): boolean {
  if (/\d{3,}/.test(token)) return true;
  if (/^[0-9a-f]{6,}$/i.test(token) && /\d/.test(token)) return true;
  const turns = token.match(/[a-z](?=\d)|\d(?=[a-z])/gi) ?? [];
  return token.length >= 5 && turns.length >= 2;
}
