// What is put into fields: texts, choices and files.

import { collapse } from "../text";
import { type Located, locate } from "./locate";
import { send } from "./messages";
import { forgetPressed, locatedWhenPressed, takeClickedBox } from "./pointer";
import { isSecret } from "./secrets";
import { fieldOf, innermost, isBox } from "./target";

/** The field that is being filled, as it was located before that. */
let filling: { element: Element; located: Located } | null = null;

export function isFilling(element: Element): boolean {
  return filling?.element === element;
}

/** Says where a field is, also while it is filled. */
export function locateField(element: Element): Located {
  return filling?.element === element ? filling.located : locate(element);
}

export function onInput(event: Event): void {
  const element = innermost(event);
  if (!event.isTrusted || !element) return;
  if (isBox(element)) {
    const located = takeClickedBox(element);
    if (located) send({ kind: "check", element: located, checked: element.checked });
  } else if (element instanceof HTMLSelectElement) {
    send({ kind: "select", element: locate(element), options: chosenIn(element) });
  } else if (element instanceof HTMLInputElement && element.type === "file") {
    const files = [...(element.files ?? [])].map((file) => file.name);
    send({ kind: "upload", element: locate(element), files });
  } else {
    const field = fieldOf(element);
    if (field) fill(field);
  }
}

function fill(element: HTMLElement): void {
  if (filling?.element !== element) {
    // A page may change what a field is called while it has the focus.
    filling = { element, located: locatedWhenPressed(element) ?? locate(element) };
  }
  const secret = isSecret(element);
  // A secret stays here.
  const value = secret ? "" : valueOf(element);
  send({ kind: "fill", element: filling.located, value, secret });
}

function valueOf(element: HTMLElement): string {
  if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) return element.value;
  return element.innerText;
}

/** The chosen options by what they show, or by their values where two of them show the same. */
function chosenIn(list: HTMLSelectElement): string[] {
  const options = [...list.options];
  return [...list.selectedOptions].map((option) => {
    const text = collapse(option.label);
    const first = options.find((other) => other.value === text || collapse(other.label) === text);
    return text && first === option ? text : option.value;
  });
}

export function onFocusOut(event: Event): void {
  const field = fieldOf(innermost(event));
  if (!field) return;
  if (isFilling(field)) send({ kind: "settle" });
  leave(field);
}

/** What comes next in the field is another answer, perhaps to another question. */
export function leave(field: Element): void {
  if (isFilling(field)) filling = null;
  forgetPressed(field);
}
