// Which elements a person can see.

/** False when a style of the element or above hides it, whatever its box is. */
export function isStyledVisible(element: Element, style = getComputedStyle(element)): boolean {
  // Of a closed <details>, and of what `content-visibility` leaves out.
  if (!element.checkVisibility()) return false;
  return style.visibility === "visible";
}

/** It has a box that is not empty, and no style hides it. Opacity does not count. */
export function isVisible(element: Element): boolean {
  const style = getComputedStyle(element);
  if (style.display === "contents") {
    // It has no box of its own.
    for (const child of element.childNodes) {
      if (child instanceof Element && isVisible(child)) return true;
      if (child instanceof Text && isTextVisible(child)) return true;
    }
    return false;
  }
  if (!isStyledVisible(element, style)) return false;
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0;
}

export function isTextVisible(text: Text): boolean {
  const range = document.createRange();
  range.selectNode(text);
  const box = range.getBoundingClientRect();
  return box.width > 0 && box.height > 0;
}
