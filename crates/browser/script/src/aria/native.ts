// Names that the tag of an element gives it (HTML-AAM).

import { nativeLabels } from "./label";
import type { Walk } from "./name";

type Named = (element: Element, walk: Walk, place: "reference" | "label" | "native") => string;

export function tooltip(element: Element): string {
  return element.getAttribute("title") ?? "";
}

/** `null` where the tag gives no name, and the content may. */
export function nativeName(element: Element, walk: Walk, named: Named): string | null {
  if (element instanceof HTMLInputElement) return inputName(element, walk, named);
  switch (element.localName) {
    case "textarea":
    case "select":
    case "output":
    case "meter":
    case "progress": {
      const label = labelText(element, walk, named);
      if (label !== null) return label;
      const placeholder = element.localName === "textarea" ? element.getAttribute("placeholder") ?? "" : "";
      return tooltip(element) || placeholder;
    }
    case "button":
      return labelText(element, walk, named);
    case "fieldset":
      return childName(element, "legend", walk, named) ?? tooltip(element);
    case "figure":
      return childName(element, "figcaption", walk, named) ?? tooltip(element);
    case "table": {
      const caption = childName(element, "caption", walk, named);
      if (caption !== null) return caption;
      return element.getAttribute("summary") || null;
    }
    case "img":
    case "area": {
      const alternative = element.getAttribute("alt") ?? "";
      return alternative.trim() ? alternative : tooltip(element);
    }
    default:
      return svgName(element, walk, named);
  }
}

function inputName(input: HTMLInputElement, walk: Walk, named: Named): string | null {
  if (["button", "submit", "reset"].includes(input.type)) {
    const label = labelText(input, walk, named);
    if (label !== null) return label;
    if (input.value.trim()) return input.value;
    if (input.type === "submit") return "Submit";
    if (input.type === "reset") return "Reset";
    return tooltip(input);
  }
  const label = labelText(input, walk, named);
  if (label !== null) return label;
  if (input.type === "image") {
    const alternative = input.getAttribute("alt") ?? "";
    return alternative.trim() ? alternative : tooltip(input) || "Submit";
  }
  const placeholder = ["text", "password", "number", "search", "tel", "email", "url"].includes(input.type)
    ? input.getAttribute("placeholder") ?? ""
    : "";
  return tooltip(input) || placeholder;
}

/** What its `<label>` elements say; nothing where another element's name is being read from this one. */
function labelText(element: Element, walk: Walk, named: Named): string | null {
  const labels = nativeLabels(element);
  if (labels.length === 0 || walk.place === "reference") return null;
  walk.visited.add(element);
  return labels.map((label) => named(label, walk, "label")).filter((text) => text.trim()).join(" ");
}

function childName(element: Element, tag: string, walk: Walk, named: Named): string | null {
  const child = [...element.children].find((other) => other.localName === tag);
  if (!child) return null;
  walk.visited.add(element);
  return named(child, walk, "native");
}

function svgName(element: Element, walk: Walk, named: Named): string | null {
  if (!(element instanceof SVGElement)) return null;
  const title = [...element.children].find((child) => child.localName === "title");
  if (title && (element.localName === "svg" || element.ownerSVGElement)) {
    walk.visited.add(element);
    return named(title, walk, "native");
  }
  return null;
}
