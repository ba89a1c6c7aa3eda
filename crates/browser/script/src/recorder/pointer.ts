// Clicks: of the mouse, of keys that activate an element, and those that a label hands on.

import { type Located, locate } from "./locate";
import { send } from "./messages";
import { isFilling } from "./fields";
import { noteSecretFields } from "./secrets";
import { boxOrLabel, clickTarget, focused, isBox } from "./target";
import { isVisible } from "../visibility";
import { placeIn, wasDragged } from "./drags";

interface Pressed {
  element: Element;
  located: Located;
}

/** What the pointer was pressed on: the page may change it before the click comes. */
let pressed: Pressed | null = null;
/** What was pressed last, or the control of that label, as it was before that. */
let last: { element: WeakRef<Element>; located: Located } | null = null;
/** The label that was clicked, whose control gets a click of its own. */
let label: { element: HTMLLabelElement; control: Element; located: Located } | null = null;
/** The box that a person has clicked; the page may also change boxes by itself. */
let box: Pressed | null = null;

/** The first event of a click: pages open menus at this one, and hide all else from assistive technologies. */
export function onPointerDown(event: PointerEvent): void {
  if (!event.isTrusted || event.button !== 0 || !event.isPrimary) return;
  noteSecretFields(event);
  const element = clickTarget(event);
  pressed = element && !isFilling(element) ? { element, located: locate(element) } : null;
  const control = element instanceof HTMLLabelElement ? element.control : null;
  if (control) last = { element: new WeakRef(control), located: locate(control) };
  else if (pressed) last = { element: new WeakRef(pressed.element), located: pressed.located };
}

/** Where an element was when it was pressed last. */
export function locatedWhenPressed(element: Element): Located | null {
  return last?.element.deref() === element ? last.located : null;
}

/** The field is left, or what was in it is done with: the page may ask something else in it. */
export function forgetPressed(element: Element): void {
  if (last?.element.deref() === element) last = null;
}

export function onPointerUp(event: PointerEvent): void {
  if (!event.isTrusted || event.button !== 0) return;
  const before = pressed;
  // An element that goes when it is pressed gets no click. Those of a mouse come within this task.
  setTimeout(() => {
    if (before && pressed === before && isGone(before.element)) send({ kind: "click", element: before.located });
    if (pressed === before) pressed = null;
  }, 0);
}

function isGone(element: Element): boolean {
  return !element.isConnected || !isVisible(element);
}

export function onClick(event: MouseEvent): void {
  if (!event.isTrusted || event.button !== 0) return;
  const before = pressed;
  pressed = null;
  const element = clickTarget(event);
  if (!element) {
    // The page has replaced what was pressed.
    if (before && isGone(before.element)) send({ kind: "click", element: before.located });
    return;
  }
  if (isBox(element)) {
    const shown = boxOrLabel(element, label?.control === element ? label.element : null);
    const known = shown === element ? locatedWhenPressed(element) : null;
    box = { element, located: known ?? locate(shown) };
    forgetPressed(element);
  } else if (element instanceof HTMLLabelElement && element.control) {
    clickLabel(event, element, element.control);
  } else if (!isLeftToInput(element) && !isFilling(element)) {
    clickElement(event, element, before);
  }
}

/** Lists and files are chosen outside of the page; what was chosen is an input. */
function isLeftToInput(element: Element): boolean {
  if (element instanceof HTMLInputElement && element.type === "file") return true;
  return element instanceof HTMLSelectElement || element instanceof HTMLOptionElement;
}

function clickLabel(event: MouseEvent, element: HTMLLabelElement, control: Element): void {
  const own = { element, control, located: locate(element) };
  label = own;
  setTimeout(() => {
    // The page has its own idea of what this label does.
    if (label === own && event.defaultPrevented) send({ kind: "click", element: own.located });
    if (label === own) label = null;
  }, 0);
}

function clickElement(event: MouseEvent, element: Element, before: Pressed | null): void {
  if (label?.control === element) {
    label = null;
    send({ kind: "click", element: locatedWhenPressed(element) ?? locate(element) });
    return;
  }
  if (event.detail === 0) {
    // Enter in a field clicks the form's button: that key was said already.
    if (focused() === element) send({ kind: "click", element: locate(element) });
    return;
  }
  const isSame = before?.element === element;
  const isDragged = before && !isSame && !isGone(before.element);
  if (isDragged || wasDragged()) return;
  const located = before ? before.located : locate(element);
  // What a canvas shows has no elements: the place says what was meant.
  if (element instanceof HTMLCanvasElement) send({ kind: "click", element: located, position: placeIn(element, event) });
  else send({ kind: "click", element: located });
}

/** The right button of the mouse. */
export function onContextMenu(event: MouseEvent): void {
  if (!event.isTrusted || event.button !== 2) return;
  const element = clickTarget(event);
  if (!element) return;
  const position = element instanceof HTMLCanvasElement ? placeIn(element, event) : undefined;
  send({ kind: "click", element: locate(element), right: true, ...(position && { position }) });
}

/** The box that has changed, if a person has changed it. */
export function takeClickedBox(element: Element): Located | null {
  const located = box?.element === element ? box.located : null;
  box = null;
  return located;
}
