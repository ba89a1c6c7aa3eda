// The functions that the browser's owner calls, in a world of their own that the page does not see.

import { type Part, resolve } from "./chain";
import { type Check, type Point, blocker, controlOf, failedCheck, pointOf, scrollIntoView } from "./checks";
import { cover, protect, uncover } from "./cover";
import { locatorOf, markupOf } from "./describe";
import { type Choice, fileInput, focus, prepareFill, select } from "./edit";
import { guard, unguard } from "./guard";
import { recall, remember } from "./handles";
import { inventory } from "./inventory/inventory";
import { describeForAria, statesOf, textOfElement, valueOf } from "./read";
import { checkedState } from "./aria/state";
import { elementAt } from "./tree";
import { fillStorage, readStorage } from "./storage";

const SHOWN_MATCHES = 10;

interface Found {
  count: number;
  id: number | null;
  matches: { markup: string; locator: string }[];
}

/** The one element of a chain; where there are several, the first of them in words. */
function find(parts: Part[]): Found {
  const elements = resolve(parts);
  const [first] = elements;
  if (elements.length === 1 && first) return { count: 1, id: remember(first), matches: [] };
  const shown = elements.slice(0, SHOWN_MATCHES);
  const matches = shown.map((element) => ({ markup: markupOf(element), locator: locatorOf(element) }));
  return { count: elements.length, id: null, matches };
}

/** Finds the one element and sees whether it is ready; scrolls to it for an action. */
async function ready(parts: Part[], checks: Check[], scroll: boolean) {
  const found = find(parts);
  if (found.id === null) return { ...found, failed: null, box: null };
  const element = recall(found.id);
  const failed = await failedCheck(element, checks);
  if (scroll && !failed) scrollIntoView(element, 0);
  return { ...found, failed, box: windowBox(element) };
}

/** Its box in the window of this frame. */
function windowBox(element: Element) {
  const { x, y, width, height } = element.getBoundingClientRect();
  return { x, y, width, height };
}

/** The element that a point of this frame shows, in words. */
function describeAt(point: Point) {
  const element = elementAt(point.x, point.y);
  return element && { markup: markupOf(element), locator: locatorOf(controlOf(element)) };
}

/** Scrolls to the element; answers with the point to act on, and with what is in the way there. */
function aim(id: number, position: Point | null, tries: number, hit: boolean) {
  const element = recall(id);
  scrollIntoView(element, tries);
  const point = pointOf(element, position);
  if (typeof point === "string") return { point: null, box: null, failed: point };
  return { point, box: windowBox(element), failed: hit ? blocker(element, point) : null };
}

/** What a point of this frame shows instead of the frame's element. */
function frameBlocker(id: number, point: Point) {
  return blocker(recall(id), point);
}

/** Where the content of a frame's element begins in this frame. */
function frameOrigin(id: number): Point {
  const element = recall(id);
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  return {
    x: box.x + element.clientLeft + Number.parseFloat(style.paddingLeft),
    y: box.y + element.clientTop + Number.parseFloat(style.paddingTop),
  };
}

/** The box of an element in the document, not in the window. */
function boxOf(id: number) {
  const element = recall(id);
  scrollIntoView(element, 0);
  const box = element.getBoundingClientRect();
  return { x: box.x, y: box.y, width: box.width, height: box.height, scrollX, scrollY };
}

const functions = {
  find,
  ready,
  aim,
  describeAt,
  frameBlocker,
  frameOrigin,
  unguard,
  boxOf,
  cover,
  uncover,
  protect,
  readStorage,
  fillStorage,
  count: (parts: Part[]) => resolve(parts).length,
  all: (parts: Part[], attribute: string) => resolve(parts).map((element) => element.getAttribute(attribute)),
  states: (id: number) => statesOf(recall(id)),
  text: (id: number) => textOfElement(recall(id)),
  value: (id: number) => valueOf(recall(id)),
  attribute: (id: number, name: string) => recall(id).getAttribute(name),
  innerHtml: (id: number) => recall(id).innerHTML,
  aria: (id: number) => describeForAria(recall(id)),
  inventory: (id: number, types: string[], exclude: Part[][], secrets: string[]) =>
    inventory(recall(id), types, exclude, secrets),
  locator: (id: number) => locatorOf(recall(id)),
  markup: (id: number) => markupOf(recall(id)),
  checked: (id: number) => checkedState(controlOf(recall(id))),
  prepareFill: (id: number, value: string) => prepareFill(recall(id), value),
  focus: (id: number) => focus(recall(id)),
  select: (id: number, choices: Choice[]) => select(recall(id), choices),
  guard: (id: number) => guard(recall(id)),
  element: (id: number) => recall(id),
  fileInput: (id: number) => {
    const input = fileInput(recall(id));
    return typeof input === "string" ? { unfit: input } : { id: remember(input) };
  },
};

/** Opens the functions to the caller; the script's result is this object. */
export function open(): typeof functions {
  return functions;
}
