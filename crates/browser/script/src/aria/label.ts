// Which elements label another one.

/** The elements that a list of ids names, in the tree of the element. */
export function referenced(element: Element, attribute: string): Element[] {
  const ids = element.getAttribute(attribute);
  if (ids === null) return [];
  const root = element.getRootNode();
  if (!(root instanceof Document || root instanceof ShadowRoot)) return [];
  const found = ids.split(/\s+/).map((id) => (id ? root.getElementById(id) : null));
  return [...new Set(found)].filter((labelling) => labelling !== null);
}

/** The author gave it a name, whatever its content. */
export function hasExplicitName(element: Element): boolean {
  return element.hasAttribute("aria-label") || element.hasAttribute("aria-labelledby");
}

const LABELLABLE = "button, meter, output, progress, select, textarea, input:not([type=hidden])";

/** The `<label>` elements of a control. */
export function nativeLabels(element: Element): HTMLLabelElement[] {
  if (!element.matches(LABELLABLE)) return [];
  return [...((element as HTMLInputElement).labels ?? [])];
}
