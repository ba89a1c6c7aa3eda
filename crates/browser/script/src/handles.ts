// Elements by numbers, so that the caller names the same element in several calls.

const LIMIT = 64;

const elements = new Map<number, Element>();
let last = 0;

export function remember(element: Element): number {
  last += 1;
  elements.set(last, element);
  // Nothing that the page has dropped is kept alive for long.
  elements.delete(last - LIMIT);
  return last;
}

export function recall(id: number): Element {
  const element = elements.get(id);
  if (!element) throw new Error("the element is not known any longer");
  return element;
}
