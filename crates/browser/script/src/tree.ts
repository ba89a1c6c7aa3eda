// The tree as a person sees it: open shadow roots belong to it.

export type Scope = Document | ShadowRoot | Element;

/** The element above, which is the host for what lies at the top of a shadow root. */
export function parentOf(element: Element): Element | null {
  if (element.parentElement) return element.parentElement;
  const root = element.parentNode;
  return root instanceof ShadowRoot ? root.host : null;
}

/** The element above as it is drawn: within the slot, if it has one. */
export function drawnParentOf(element: Element): Element | null {
  return element.assignedSlot ?? parentOf(element);
}

/** All ancestors, from the nearest on. */
export function* ancestors(element: Element): Generator<Element> {
  for (let above = parentOf(element); above; above = parentOf(above)) yield above;
}

/** Itself or the nearest ancestor that matches, through shadow roots. */
export function closest(element: Element, selector: string): Element | null {
  if (element.matches(selector)) return element;
  for (const above of ancestors(element)) if (above.matches(selector)) return above;
  return null;
}

/** All elements below that match plain CSS: those of a tree come before those of the shadow roots in it. */
export function descendants(scope: Scope, selector = "*"): Element[] {
  const found: Element[] = [];
  const visit = (root: Scope) => {
    for (const element of root.querySelectorAll(selector)) found.push(element);
    const own = root instanceof Element ? root.shadowRoot : null;
    if (own) visit(own);
    for (const element of root.querySelectorAll("*")) if (element.shadowRoot) visit(element.shadowRoot);
  };
  visit(scope);
  return found;
}

/** Sorts by the place in the document; the light children of a host come before those of its shadow root. */
export function inDocumentOrder(elements: Iterable<Element>): Element[] {
  const wanted = new Set(elements);
  if (wanted.size < 2) return [...wanted];
  const sorted: Element[] = [];
  const visit = (parent: ParentNode) => {
    for (const child of parent.children) {
      if (wanted.has(child)) sorted.push(child);
      visit(child);
      if (child.shadowRoot) visit(child.shadowRoot);
    }
  };
  visit(document);
  // What is not in the document keeps its order behind the rest.
  for (const element of sorted) wanted.delete(element);
  return sorted.concat([...wanted]);
}

/** The element that a point of the viewport shows, in the innermost shadow root. */
export function elementAt(x: number, y: number): Element | null {
  let found = document.elementFromPoint(x, y);
  while (found?.shadowRoot) {
    const inner: Element | null = found.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner === found) break;
    found = inner;
  }
  return found;
}
