// What has to hold of an element before an action, and where to point.

import { isDisabled, isReadOnly } from "./aria/state";
import { closest, drawnParentOf, elementAt, parentOf } from "./tree";
import { markupOf } from "./describe";
import { isVisible } from "./visibility";

export type Check = "visible" | "stable" | "enabled" | "editable";

const CONTROL = "input, textarea, select";

/** Where the caller means the control of a label or the button around a text. */
export function controlOf(element: Element): Element {
  if (element.matches(CONTROL) || isContentEditable(element)) return element;
  const around = closest(element, "button, [role=button], [role=checkbox], [role=radio]");
  if (around) return around;
  const reached = "a, input, textarea, button, select, option, optgroup, [role=link], [role=button], [role=checkbox], [role=radio]";
  if (element.matches(reached)) return element;
  const label = closest(element, "label");
  return label instanceof HTMLLabelElement && label.control ? label.control : element;
}

function isContentEditable(element: Element): boolean {
  return element instanceof HTMLElement && element.isContentEditable;
}

/** `null` when all hold, else what does not. */
export async function failedCheck(element: Element, checks: Check[]): Promise<string | null> {
  // Stability first: what moves in is not there yet, and every other check is about the present.
  if (checks.includes("stable")) {
    const unstable = await movement(element);
    if (unstable) return unstable;
  }
  if (!element.isConnected) return "the element was removed from the page";
  if (checks.includes("visible") && !isVisible(element)) return `${markupOf(element)} is not visible`;
  const control = controlOf(element);
  if (checks.includes("enabled") && isDisabled(control)) return `${markupOf(control)} is disabled`;
  if (checks.includes("editable")) {
    if (isDisabled(control)) return `${markupOf(control)} is disabled`;
    if (isReadOnly(control)) return `${markupOf(control)} is read-only`;
  }
  return null;
}

/** Resolves after the next frame was drawn; a page that is not shown draws none. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    if (document.visibilityState === "hidden") setTimeout(resolve, 16);
    else requestAnimationFrame(() => resolve());
  });
}

async function movement(element: Element): Promise<string | null> {
  await nextFrame();
  const before = boundsOf(element);
  await nextFrame();
  if (!element.isConnected) return "the element was removed from the page";
  const after = boundsOf(element);
  const same =
    before.x === after.x && before.y === after.y && before.width === after.width && before.height === after.height;
  return same ? null : `${markupOf(element)} is moving`;
}

export interface Point {
  x: number;
  y: number;
}

/** Scrolls it into view, if it is not; a further try puts it elsewhere, away from what covers the edges. */
export function scrollIntoView(element: Element, tries: number): void {
  const blocks: ScrollLogicalPosition[] = ["nearest", "end", "center", "start"];
  const block = blocks[tries % blocks.length] ?? "nearest";
  if (tries > 0 || !isInView(element)) element.scrollIntoView({ block, inline: block, behavior: "instant" });
}

function isInView(element: Element): boolean {
  const box = boundsOf(element);
  const fits = box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
  if (!fits) return false;
  // A box of its own that scrolls may hide it.
  for (let above = drawnParentOf(element); above; above = drawnParentOf(above)) {
    if (getComputedStyle(above).overflow === "visible") continue;
    const outer = above.getBoundingClientRect();
    const root = above === document.documentElement || above === document.body;
    if (!root && (box.top < outer.top || box.bottom > outer.bottom || box.left < outer.left || box.right > outer.right)) {
      return false;
    }
  }
  return true;
}

/** The middle of its first box that is in view, or the place within it that the caller wants. */
export function pointOf(element: Element, position: Point | null): Point | string {
  if (position) {
    const box = element.getBoundingClientRect();
    return { x: box.x + element.clientLeft + position.x, y: box.y + element.clientTop + position.y };
  }
  for (const box of boxesOf(element)) {
    const left = Math.max(box.left, 0);
    const top = Math.max(box.top, 0);
    const right = Math.min(box.right, innerWidth);
    const bottom = Math.min(box.bottom, innerHeight);
    if ((right - left) * (bottom - top) > 0.99) return { x: (left + right) / 2, y: (top + bottom) / 2 };
  }
  return `${markupOf(element)} is outside of the window and cannot be scrolled into it`;
}

/** An element that has no box of its own has those of what is in it. */
function contentsOf(element: Element): Range | Element {
  if (getComputedStyle(element).display !== "contents") return element;
  const range = document.createRange();
  range.selectNodeContents(element);
  return range;
}

function boxesOf(element: Element): DOMRectList {
  return contentsOf(element).getClientRects();
}

function boundsOf(element: Element): DOMRect {
  return contentsOf(element).getBoundingClientRect();
}

/** `null` when the element gets the events at the point, else what is in the way. */
export function blocker(element: Element, point: Point): string | null {
  const target = closest(element, "button, [role=button], a, [role=link]") ?? element;
  const hit = elementAt(point.x, point.y);
  if (!hit) return "nothing is at the point of the action: it is outside of the window";
  let outermost: Element = hit;
  for (let at: Element | null = hit; at; at = drawnParentOf(at)) {
    if (at === target || at === element) return null;
    // A click into a label is one into its control.
    if (at instanceof HTMLLabelElement && at.control === controlOf(element)) return null;
    if (!at.contains(target)) outermost = at;
  }
  if (hit.contains(target) || contains(hit, target)) {
    return `${markupOf(hit)}, which contains the element, receives the events`;
  }
  const of = outermost === hit ? "" : ` of ${markupOf(outermost)}`;
  return `${markupOf(hit)}${of} receives the events`;
}

function contains(outer: Element, inner: Element): boolean {
  for (let at: Element | null = inner; at; at = parentOf(at)) if (at === outer) return true;
  return false;
}
