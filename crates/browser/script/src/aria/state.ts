// The states of an element: what it is, else what its author says of it.

import { parentOf } from "../tree";
import { roleOf } from "./role";

const DISABLEABLE = new Set(
  (
    "application button composite gridcell group input link menuitem scrollbar separator tab checkbox columnheader " +
    "combobox grid listbox menu menubar menuitemcheckbox menuitemradio option radio radiogroup row rowheader searchbox " +
    "select slider spinbutton switch tablist textbox toolbar tree treegrid treeitem"
  ).split(" "),
);
const READABLE = new Set(
  (
    "checkbox combobox grid gridcell listbox radiogroup slider spinbutton textbox columnheader rowheader searchbox " +
    "switch treegrid"
  ).split(" "),
);

export function isDisabled(element: Element): boolean {
  return isNativelyDisabled(element) || saysDisabled(element);
}

function isNativelyDisabled(element: Element): boolean {
  if (!element.matches("button, input, select, textarea, option, optgroup")) return false;
  if (element.hasAttribute("disabled")) return true;
  if (element.localName === "option" && element.closest("optgroup[disabled]")) return true;
  const fieldset = element.closest("fieldset[disabled]");
  if (!fieldset) return false;
  // What stands in the legend stays enabled.
  return !fieldset.querySelector(":scope > legend")?.contains(element);
}

function saysDisabled(element: Element): boolean {
  if (!DISABLEABLE.has(roleOf(element) ?? "")) return false;
  for (let at: Element | null = element; at; at = parentOf(at)) {
    const value = (at.getAttribute("aria-disabled") ?? "").toLowerCase();
    if (value === "true") return true;
    if (value === "false") return false;
  }
  return false;
}

/** `null` for what cannot be edited at all. */
export function isReadOnly(element: Element): boolean | null {
  if (element.matches("input, textarea, select")) return element.hasAttribute("readonly");
  if (READABLE.has(roleOf(element) ?? "")) return element.getAttribute("aria-readonly") === "true";
  return element instanceof HTMLElement && element.isContentEditable ? false : null;
}

export type Tristate = "true" | "false" | "mixed";

/** `null` for what cannot be checked. */
export function checkedState(element: Element): Tristate | null {
  if (element instanceof HTMLInputElement && (element.type === "checkbox" || element.type === "radio")) {
    if (element.type === "checkbox" && element.indeterminate) return "mixed";
    return element.checked ? "true" : "false";
  }
  const roles = "checkbox menuitemcheckbox option radio switch menuitemradio treeitem";
  const role = roleOf(element) ?? "";
  if (!roles.split(" ").includes(role)) return null;
  const value = element.getAttribute("aria-checked");
  if (value === "mixed" && !["radio", "menuitemradio", "switch"].includes(role)) return "mixed";
  return value === "true" ? "true" : "false";
}

export function pressedState(element: Element): Tristate {
  const value = roleOf(element) === "button" ? element.getAttribute("aria-pressed") : null;
  return value === "true" || value === "mixed" ? value : "false";
}

export function isSelected(element: Element): boolean {
  if (element instanceof HTMLOptionElement) return element.selected;
  const roles = "gridcell option row tab rowheader columnheader treeitem";
  const has = roles.split(" ").includes(roleOf(element) ?? "");
  return has && element.getAttribute("aria-selected") === "true";
}

/** `null` for what does not say. */
export function isExpanded(element: Element): boolean | null {
  if (element instanceof HTMLDetailsElement) return element.open;
  const roles =
    "application button checkbox combobox gridcell link listbox menuitem row rowheader tab treeitem columnheader " +
    "menuitemcheckbox menuitemradio switch";
  if (!roles.split(" ").includes(roleOf(element) ?? "")) return null;
  const value = element.getAttribute("aria-expanded");
  return value === null ? null : value === "true";
}
