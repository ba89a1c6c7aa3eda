// What is left out of the accessibility tree.

import { isStyledVisible, isTextVisible } from "../visibility";
import { parentOf } from "../tree";

const NEVER = "style, script, noscript, template";

/** True for what an assistive technology does not present: hidden by style, or by `aria-hidden`. */
export function isHiddenForAria(element: Element): boolean {
  if (element.matches(NEVER)) return true;
  const style = getComputedStyle(element);
  const isSlot = element instanceof HTMLSlotElement;
  if (style.display === "contents" && !isSlot) {
    const shown = [...element.childNodes].some(
      (child) =>
        (child instanceof Element && !isHiddenForAria(child)) || (child instanceof Text && isTextVisible(child)),
    );
    if (!shown) return true;
  }
  // An option of a closed list has no box, and is there.
  const isOption = element instanceof HTMLOptionElement && element.closest("select") !== null;
  if (!isOption && !isSlot && style.display !== "contents" && !isStyledVisible(element, style)) return true;
  return isCutOff(element);
}

/** Itself or something above is not drawn, marked as hidden, or in no slot of its host. */
function isCutOff(element: Element): boolean {
  for (let at: Element | null = element; at; at = parentOf(at)) {
    if (at.parentElement?.shadowRoot && !at.assignedSlot) return true;
    if (at.getAttribute("aria-hidden")?.toLowerCase() === "true") return true;
    if (getComputedStyle(at).display === "none") return true;
  }
  return false;
}
