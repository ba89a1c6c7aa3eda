// Drags: those of HTML, and those that a page makes of the movements of the mouse.

import { type Located, locate } from "./locate";
import { type Place, send } from "./messages";
import { fieldOf, innermost } from "./target";

/** A shorter way is a click of a hand that shakes, in pixels. */
const SHORTEST = 12;

interface Taken {
  element: Element;
  located: Located;
  position: Place;
  box: DOMRect;
  x: number;
  y: number;
}

/** What the mouse was pressed on. */
let pressed: Taken | null = null;
/** What HTML drags. */
let dragged: Taken | null = null;
/** The last press was a drag; the click that may follow is none. */
let isDrag = false;

/** Where in an element an event is. */
export function placeIn(element: Element, event: MouseEvent): Place {
  const box = element.getBoundingClientRect();
  return { x: Math.round(event.clientX - box.x), y: Math.round(event.clientY - box.y) };
}

export function wasDragged(): boolean {
  return isDrag;
}

export function onDragPointerDown(event: PointerEvent): void {
  if (!event.isTrusted) return;
  isDrag = false;
  const element = innermost(event);
  const takes = event.button === 0 && event.isPrimary && element && isTaken(element);
  pressed = takes ? taken(element, event) : null;
}

/** Fields select text, and have values that are said by themselves. */
function isTaken(element: Element): boolean {
  if (element === document.documentElement || element === document.body) return false;
  return !fieldOf(element) && !(element instanceof HTMLSelectElement) && !(element instanceof HTMLOptionElement);
}

function taken(element: Element, event: MouseEvent): Taken {
  const [x, y] = [event.clientX, event.clientY];
  return { element, located: locate(element), position: placeIn(element, event), box: element.getBoundingClientRect(), x, y };
}

export function onDragPointerUp(event: PointerEvent): void {
  const start = pressed;
  pressed = null;
  if (!event.isTrusted || event.button !== 0 || !start) return;
  if (Math.hypot(event.clientX - start.x, event.clientY - start.y) < SHORTEST) return;
  if (isClicked(start, event)) return;
  isDrag = true;
  // A person who marks a text drags nothing.
  if (!(document.getSelection()?.isCollapsed ?? true)) return;
  const [target] = below(start.element, event);
  if (target) drop(start, target, event);
}

/** The mouse has moved within an element that stayed where it was. */
function isClicked(start: Taken, event: MouseEvent): boolean {
  if (start.element instanceof HTMLCanvasElement) return false;
  const box = start.element.getBoundingClientRect();
  const stays = box.x === start.box.x && box.y === start.box.y;
  return stays && document.elementsFromPoint(event.clientX, event.clientY).includes(start.element);
}

/** What is under the mouse, without what follows it. */
function below(element: Element, event: MouseEvent): Element[] {
  const found = document.elementsFromPoint(event.clientX, event.clientY);
  const others = found.filter((other) => !element.contains(other));
  // Within a canvas there is nothing else.
  return element instanceof HTMLCanvasElement && found.includes(element) ? [element] : others;
}

export function onDragStart(event: DragEvent): void {
  const element = event.target;
  if (!event.isTrusted || !(element instanceof Element)) return;
  // From here on there are no events of the pointer.
  dragged = pressed && element.contains(pressed.element) ? { ...pressed, element, located: locate(element) } : taken(element, event);
  if (pressed) dragged.position = { x: pressed.x - element.getBoundingClientRect().x, y: pressed.y - element.getBoundingClientRect().y };
  pressed = null;
}

export function onDrop(event: DragEvent): void {
  const start = dragged;
  dragged = null;
  const target = innermost(event);
  if (event.isTrusted && start && target) drop(start, target, event);
}

function drop(start: Taken, target: Element, event: MouseEvent): void {
  send({
    kind: "drag",
    element: start.located,
    position: start.position,
    target: locate(target),
    target_position: placeIn(target, event),
  });
}
