// Elements in words: their markup for messages, and locators that match them alone.

import { accessibleName } from "./aria/name";
import { roleOf } from "./aria/role";
import { nativeLabels } from "./aria/label";
import { type Part, resolve } from "./chain";
import { cssText } from "./css/text";
import { Paths, alone } from "./paths";
import { type TextCache, collapse, textOf } from "./text";
import { ancestors } from "./tree";

const LONGEST = 60;
const SHOWN = ["id", "class", "type", "name", "role", "aria-label", "data-testid", "href", "placeholder", "title", "alt"];

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** Its start tag, with the attributes that tell it apart, and the beginning of its text. */
export function markupOf(element: Element): string {
  let tag = `<${element.localName}`;
  for (const name of SHOWN) {
    const value = element.getAttribute(name);
    if (value !== null) tag += value ? ` ${name}="${cut(value)}"` : ` ${name}`;
  }
  const texts: TextCache = new Map();
  const text = cut(collapse(textOf(texts, element).full));
  const isEmpty = element.matches("input, img, br, hr, iframe");
  return isEmpty ? `${tag}>` : `${tag}>${text}</${element.localName}>`;
}

interface Candidate {
  text: string;
  parts: Part[];
}

/** A locator that matches the element alone: by what a person sees first, by its place last. */
export function locatorOf(element: Element): string {
  for (const candidate of candidates(element)) {
    if (isAlone(candidate.parts, element)) return candidate.text;
  }
  return pathOf(element);
}

function isAlone(parts: Part[], element: Element): boolean {
  const found = resolve(parts);
  return found.length === 1 && found[0] === element;
}

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

function* candidates(element: Element): Generator<Candidate> {
  const testId = element.getAttribute("data-testid");
  if (testId) yield attribute("testid", "data-testid", testId);
  const label = nativeLabels(element)[0];
  if (label) {
    const text = collapse(textOf(new Map(), label).full);
    if (text && text.length <= LONGEST) {
      yield { text: `label=${quote(text)}`, parts: [{ engine: "label", pattern: { kind: "exact", text } }] };
    }
  }
  const role = roleOf(element);
  const name = accessibleName(element, false);
  if (role && name && name.length <= LONGEST) {
    const state = { checked: null, pressed: null, selected: null, expanded: null, disabled: null, level: null };
    const query = { operator: "=" as const, text: name, flags: "", any_case: false };
    yield {
      text: `role=${role}[name=${quote(name)}]`,
      parts: [{ engine: "role", role, name: query, ...state, include_hidden: false }],
    };
  }
  const placeholder = element.getAttribute("placeholder");
  if (placeholder) yield attribute("placeholder", "placeholder", placeholder);
  if (element.id) yield css(`#${CSS.escape(element.id)}`);
  const text = collapse(textOf(new Map(), element).full);
  if (text && text.length <= LONGEST) {
    yield { text: `text=${quote(text)}`, parts: [{ engine: "text", pattern: { kind: "exact", text } }] };
  }
  for (const name of ["name", "alt", "title", "href", "class"]) {
    const value = element.getAttribute(name);
    if (value) yield css(`${CSS.escape(element.localName)}[${name}=${cssText(value)}]`);
  }
}

function attribute(engine: string, name: string, value: string): Candidate {
  return {
    text: `${engine}=${quote(value)}`,
    parts: [{ engine: "attribute", name, pattern: { kind: "exact", text: value } }],
  };
}

function css(selector: string): Candidate {
  return { text: selector, parts: [{ engine: "css", selector }] };
}

/** Its place below the nearest ancestor that can be named. */
function pathOf(element: Element): string {
  const paths = new Paths();
  const path = paths.of(element).css;
  for (const above of ancestors(element)) {
    if (!above.id) continue;
    const selector = `#${CSS.escape(above.id)}${path.slice(paths.of(above).css.length)}`;
    if (isAlone([{ engine: "css", selector }], element)) return selector;
  }
  return alone(path, element);
}
