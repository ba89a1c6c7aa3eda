// The accessible name of an element, by the steps of accname 1.2.

import { isHiddenForAria } from "./hidden";
import { nativeLabels, referenced } from "./label";
import { roleOf } from "./role";
import { nativeName, tooltip } from "./native";

/** Roles whose elements have no name. */
const UNNAMED = new Set(
  (
    "caption code definition deletion emphasis generic insertion mark paragraph presentation strong subscript " +
    "suggestion superscript term time"
  ).split(" "),
);

/** Roles that are named by what stands in them. */
const BY_CONTENT = new Set(
  (
    "button cell checkbox columnheader gridcell heading link menuitem menuitemcheckbox menuitemradio option radio row " +
    "rowheader switch tab tooltip treeitem"
  ).split(" "),
);

/** Roles whose content counts as well within the name of another element. */
const BY_CONTENT_WITHIN = new Set(
  (
    "caption code contentinfo definition deletion emphasis insertion list listitem mark none paragraph presentation " +
    "region row rowgroup section strong subscript superscript table term time"
  ).split(" ").concat(""),
);

/** From where the name of an element is asked for. */
export interface Walk {
  visited: Set<Element>;
  includeHidden: boolean;
  /** The element itself, something in it, an element that labels it, or something in that. */
  place: "own" | "content" | "reference" | "reference-content" | "label" | "label-content" | "native";
  /** The label or reference is hidden itself, and then counts with all that is hidden in it. */
  hiddenReference: boolean;
}

export function accessibleName(element: Element, includeHidden: boolean): string {
  if (UNNAMED.has(roleOf(element) ?? "")) return "";
  const walk: Walk = { visited: new Set(), includeHidden, place: "own", hiddenReference: false };
  return tidy(nameOf(element, walk));
}

export function tidy(text: string): string {
  return text.replace(/[\u200b\u00ad]/g, "").replace(/[\s\u00a0]+/g, " ").trim();
}

export function nameOf(element: Element, walk: Walk): string {
  if (walk.visited.has(element)) return "";
  const referring = walk.place === "reference" || walk.place === "label" || walk.place === "native";
  if (!walk.includeHidden && !walk.hiddenReference && !referring && isHiddenForAria(element)) {
    walk.visited.add(element);
    return "";
  }
  if (walk.place !== "reference" && walk.place !== "reference-content") {
    const texts = referenced(element, "aria-labelledby").map((other) => ofReference(other, walk, "reference"));
    const text = texts.join(" ");
    if (tidy(text)) return text;
  }
  const role = roleOf(element) ?? "";
  if (walk.place !== "own") {
    const value = embeddedValue(element, role, walk);
    if (value !== null) return value;
  }
  const label = element.getAttribute("aria-label") ?? "";
  if (label.trim()) {
    walk.visited.add(element);
    return label;
  }
  if (role !== "presentation" && role !== "none") {
    const native = nativeName(element, walk, ofReference);
    if (native !== null) {
      walk.visited.add(element);
      return native;
    }
  }
  const within = walk.place !== "own" && (BY_CONTENT_WITHIN.has(role) || walk.place !== "content");
  if (BY_CONTENT.has(role) || within || element.localName === "summary") {
    walk.visited.add(element);
    const text = contentOf(element, walk);
    if (tidy(text) || walk.place === "reference") return text;
  }
  if ((role !== "presentation" && role !== "none") || element.localName === "iframe") {
    walk.visited.add(element);
    return tooltip(element);
  }
  walk.visited.add(element);
  return "";
}

/** The text of an element that labels another one. */
export function ofReference(element: Element, walk: Walk, place: "reference" | "label" | "native"): string {
  return nameOf(element, {
    visited: place === "reference" ? new Set(walk.visited) : walk.visited,
    includeHidden: walk.includeHidden,
    place,
    hiddenReference: isHiddenForAria(element),
  });
}

/** A control within a label counts with its value. */
function embeddedValue(element: Element, role: string, walk: Walk): string | null {
  const isOwnLabel = walk.place === "label" || walk.place === "reference";
  if (isOwnLabel && nativeLabels(element).length > 0) return null;
  switch (role) {
    case "textbox":
      if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) return element.value;
      return element.textContent ?? "";
    case "combobox":
    case "listbox": {
      if (element instanceof HTMLInputElement) return element.value;
      const options =
        element instanceof HTMLSelectElement
          ? [...element.selectedOptions]
          : [...element.querySelectorAll('[role="option"][aria-selected="true"]')];
      return options.map((option) => nameOf(option, { ...walk, place: "label-content" })).join(" ");
    }
    case "progressbar":
    case "scrollbar":
    case "slider":
    case "spinbutton":
    case "meter":
      return (
        element.getAttribute("aria-valuetext") ??
        element.getAttribute("aria-valuenow") ??
        element.getAttribute("value") ??
        (element instanceof HTMLInputElement ? element.value : "")
      );
    case "menu":
      return "";
    default:
      return null;
  }
}

/** What is within a place is in its content. */
const WITHIN: Record<Walk["place"], Walk["place"]> = {
  own: "content",
  content: "content",
  reference: "reference-content",
  "reference-content": "reference-content",
  label: "label-content",
  "label-content": "label-content",
  native: "label-content",
};

function contentOf(element: Element, walk: Walk): string {
  const inner: Walk = { ...walk, place: WITHIN[walk.place] };
  const pieces: string[] = [generated(element, "::before")];
  const visit = (node: Node, slotted: boolean) => {
    if (node instanceof Element) {
      if (!slotted && node.assignedSlot) return;
      const text = nameOf(node, inner);
      const display = getComputedStyle(node).display || "inline";
      pieces.push(display !== "inline" || node.localName === "br" ? ` ${text} ` : text);
    } else if (node instanceof Text && (slotted || !node.assignedSlot)) {
      pieces.push(node.data);
    }
  };
  const slotted = element instanceof HTMLSlotElement ? element.assignedNodes() : [];
  if (slotted.length > 0) {
    for (const child of slotted) visit(child, true);
  } else {
    for (const child of element.childNodes) visit(child, false);
    for (const child of element.shadowRoot?.childNodes ?? []) visit(child, false);
    for (const owned of referenced(element, "aria-owns")) visit(owned, true);
  }
  pieces.push(generated(element, "::after"));
  return pieces.join("");
}

/** The text that a style puts before or after an element. */
function generated(element: Element, pseudo: string): string {
  const style = getComputedStyle(element, pseudo);
  const content = style.content;
  if (!content || content === "none" || content === "normal") return "";
  if (style.display === "none" || style.visibility === "hidden") return "";
  const alternative = /\/\s*(["'])(.*?)\1\s*$/.exec(content);
  const text = alternative
    ? alternative[2] ?? ""
    : [...content.matchAll(/"((?:[^"\\]|\\.)*)"|attr\(\s*([-\w]+)\s*\)/g)]
        .map((piece) => (piece[2] ? element.getAttribute(piece[2]) ?? "" : (piece[1] ?? "").replace(/\\(.)/g, "$1")))
        .join("");
  return style.display === "inline" || !text ? text : ` ${text} `;
}
