// Puts the focus where typed text goes, and sets what cannot be typed.

import { controlOf } from "./checks";
import { markupOf } from "./describe";
import { collapse } from "./text";

/** Inputs whose value is chosen with pickers, or typed in pieces that depend on the language. */
const SET = new Set(["color", "date", "time", "datetime-local", "month", "range", "week"]);
const TYPED = new Set(["", "email", "number", "password", "search", "tel", "text", "url"]);

export type Preparation = { done: "type" | "set" } | { unfit: string };

/** Selects all that is in the control, so that what is typed replaces it. */
export function prepareFill(element: Element, value: string): Preparation {
  const control = controlOf(element);
  if (control instanceof HTMLInputElement) {
    const type = control.type.toLowerCase();
    if (SET.has(type)) return setValue(control, value.trim());
    if (!TYPED.has(type)) return { unfit: `an <input type="${type}"> cannot be filled` };
    if (type === "number" && value && Number.isNaN(Number(value))) {
      return { unfit: `"${value}" cannot be typed into an <input type="number">` };
    }
  } else if (!(control instanceof HTMLTextAreaElement)) {
    if (!(control instanceof HTMLElement && control.isContentEditable)) {
      return { unfit: `${markupOf(control)} is no <input>, <textarea> or [contenteditable] element` };
    }
  }
  selectAll(control as HTMLElement);
  return { done: "type" };
}

function setValue(input: HTMLInputElement, value: string): Preparation {
  input.focus();
  input.value = value;
  if (input.value !== value && !(input.type === "color" && input.value === value.toLowerCase())) {
    return { unfit: `"${value}" is not a value of an <input type="${input.type}">` };
  }
  announce(input);
  return { done: "set" };
}

function announce(element: Element): void {
  element.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  element.dispatchEvent(new Event("change", { bubbles: true }));
}

function selectAll(control: HTMLElement): void {
  if (control instanceof HTMLInputElement || control instanceof HTMLTextAreaElement) {
    control.select();
    control.focus();
    return;
  }
  const range = document.createRange();
  range.selectNodeContents(control);
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
  control.focus();
}

export function focus(element: Element): void {
  const control = controlOf(element);
  const root = control.getRootNode() as Document | ShadowRoot;
  if (root.activeElement !== control && control instanceof HTMLElement) control.focus();
}

export interface Choice {
  value?: string;
  label?: string;
  index?: number;
}

export type Selection = { selected: string[] } | { wait: string } | { unfit: string };

/** Selects exactly these options. A value that is not said to be one may be a label as well. */
export function select(element: Element, choices: Choice[]): Selection {
  const control = controlOf(element);
  if (!(control instanceof HTMLSelectElement)) return { unfit: `${markupOf(control)} is no <select> element` };
  if (choices.length > 1 && !control.multiple) return { unfit: "the list takes one option only" };
  const options = [...control.options];
  const chosen = new Set<HTMLOptionElement>();
  for (const choice of choices) {
    const found = options.find((option, index) => isChosen(option, index, choice));
    if (!found) return { wait: `the list has no option ${JSON.stringify(choice)}` };
    if (found.matches(":disabled")) return { wait: `the option ${markupOf(found)} is disabled` };
    chosen.add(found);
  }
  control.focus();
  for (const option of options) option.selected = chosen.has(option);
  announce(control);
  return { selected: options.filter((option) => option.selected).map((option) => option.value) };
}

function isChosen(option: HTMLOptionElement, index: number, choice: Choice): boolean {
  if (choice.index !== undefined) return choice.index === index;
  if (choice.label !== undefined && choice.value !== undefined) {
    return option.value === choice.value || collapse(option.label) === collapse(choice.label);
  }
  if (choice.label !== undefined) return collapse(option.label) === collapse(choice.label);
  return option.value === choice.value;
}

/** The input that takes the files: the element, or the control of a label. */
export function fileInput(element: Element): HTMLInputElement | string {
  const control = controlOf(element);
  if (control instanceof HTMLInputElement && control.type === "file") return control;
  return `${markupOf(control)} is no <input type="file">`;
}
