// Which fields hold secrets. What is typed into one of them never leaves the page.

const TOKENS = new Set(["current-password", "new-password", "one-time-code"]);
/** A shorter value stands in many texts by chance. */
const SHORTEST = 4;

/** Fields that were a secret once: a page shows a password by making its field an ordinary one. */
const known = new Set<WeakRef<Element>>();
const members = new WeakSet<Element>();

/** Remembers the fields that hide their value now. */
export function noteSecretFields(event: Event): void {
  const roots = event.composedPath().filter((target) => target instanceof ShadowRoot || target instanceof Document);
  for (const root of roots) for (const field of root.querySelectorAll("input[type=password], [autocomplete]")) isSecret(field);
}

export function isSecret(element: Element): boolean {
  if (members.has(element)) return true;
  if (!hidesValue(element)) return false;
  members.add(element);
  known.add(new WeakRef(element));
  return true;
}

function hidesValue(element: Element): boolean {
  if (element instanceof HTMLInputElement && element.type === "password") return true;
  const tokens = (element.getAttribute("autocomplete") ?? "").toLowerCase().split(/\s+/);
  if (tokens.some((token) => TOKENS.has(token))) return true;
  const shown = getComputedStyle(element).getPropertyValue("-webkit-text-security");
  return shown !== "" && shown !== "none";
}

/** True for a text in which the value of a secret field stands. */
export function revealsSecret(text: string): boolean {
  for (const reference of known) {
    const field = reference.deref();
    if (!field) {
      known.delete(reference);
      continue;
    }
    const value = (field as HTMLInputElement).value;
    if (value && value.length >= SHORTEST && text.includes(value)) return true;
  }
  return false;
}
