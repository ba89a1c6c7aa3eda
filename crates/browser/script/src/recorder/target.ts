// Which element an event is about.

import { blocker, pointOf } from "../checks";
import { isVisible } from "../visibility";

/** What a person means who clicks something in it. */
const INTERACTIVE =
  "button, a[href], area[href], input, select, textarea, summary, option, label, [role=button], [role=link], " +
  "[role=menuitem], [role=menuitemcheckbox], [role=menuitemradio], [role=tab], [role=option], [role=checkbox], " +
  "[role=radio], [role=switch], [role=treeitem], [role=combobox], [role=textbox], [role=searchbox]";
const NOT_TYPED = new Set(["button", "checkbox", "file", "hidden", "image", "radio", "reset", "submit"]);

/** The innermost element, also within open shadow roots. */
export function innermost(event: Event): Element | null {
  const [first] = event.composedPath();
  return first instanceof Element ? first : null;
}

/** The interactive element around what was hit, else what was hit; nothing where the page's background was. */
export function clickTarget(event: Event): Element | null {
  const inner = innermost(event);
  if (!inner || inner === document.documentElement || inner === document.body) return null;
  const host = editingHost(inner);
  if (host) return host;
  for (const target of event.composedPath()) {
    if (!(target instanceof Element) || target === document.body) break;
    if (target instanceof HTMLLabelElement && !target.control) continue;
    if (target.matches(INTERACTIVE)) return target;
  }
  // What is drawn within a picture has no name.
  return inner instanceof SVGElement ? outermostSvg(inner) : inner;
}

function outermostSvg(element: SVGElement): Element {
  let found: SVGElement = element;
  while (found.ownerSVGElement) found = found.ownerSVGElement;
  return found;
}

/** The element that has the focus, also within open shadow roots. */
export function focused(): Element | null {
  let found = document.activeElement;
  while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
  return found;
}

/** The outermost element that is edited as one text. */
export function editingHost(element: Element): HTMLElement | null {
  if (!(element instanceof HTMLElement) || !element.isContentEditable) return null;
  let host = element;
  while (host.parentElement?.isContentEditable) host = host.parentElement;
  return host;
}

/** The field that takes a text or a value, if the element is one or is in one. */
export function fieldOf(element: Element | null): HTMLElement | null {
  if (!element) return null;
  if (element instanceof HTMLTextAreaElement) return element;
  if (element instanceof HTMLInputElement) return NOT_TYPED.has(element.type) ? null : element;
  return editingHost(element);
}

export function isMultiline(field: Element): boolean {
  return !(field instanceof HTMLInputElement);
}

export function isBox(element: Element): element is HTMLInputElement {
  return element instanceof HTMLInputElement && (element.type === "checkbox" || element.type === "radio");
}

/** The box itself, or the label that stands in its place where a style hides the box. */
export function boxOrLabel(box: HTMLInputElement, clicked: Element | null): Element {
  if (isVisible(box)) {
    const point = pointOf(box, null);
    // What is outside of the window cannot be judged, and is scrolled to.
    if (typeof point === "string" || blocker(box, point) === null) return box;
  }
  return clicked ?? [...(box.labels ?? [])].find(isVisible) ?? box;
}
