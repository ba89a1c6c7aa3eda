// The best locator of an element: the first that matches it alone, by what a person sees before by its place.

import { nativeLabels } from "../aria/label";
import { accessibleName } from "../aria/name";
import { roleOf } from "../aria/role";
import { type Part, resolve } from "../chain";
import { controlOf } from "../checks";
import { type TextCache, collapse, textOf } from "../text";
import { ancestors, parentOf } from "../tree";
import { looksGenerated } from "./generated";
import { revealsSecret } from "./secrets";

/** A longer text changes too easily. */
const LONGEST = 60;
const LONGEST_TITLE = 40;

/** What is said of an element to the recorder's owner. */
export interface Located {
  locator: string;
  /** Its place, for an owner that cannot read the locator. */
  path: string;
  /** What a person calls it. */
  title: string;
}

interface Candidate {
  text: string;
  parts: Part[];
}

export function locate(element: Element): Located {
  const path = pathOf(element);
  return { locator: bestOf(element) ?? path, path, title: titleOf(element) };
}

function bestOf(element: Element): string | null {
  const own = [...candidates(element)].filter((candidate) => !revealsSecret(candidate.text));
  const alone = own.find((candidate) => isAlone(candidate.parts, element) || isWithinLabel(candidate.parts, element));
  return alone?.text ?? withinNamed(element, own);
}

/** The same within something that can be named: a dialog, a form, a region. */
function withinNamed(element: Element, own: Candidate[]): string | null {
  for (const above of ancestors(element)) {
    for (const outer of anchors(above)) {
      if (revealsSecret(outer.text) || !isAlone(outer.parts, above)) continue;
      const inner = own.find((candidate) => isAlone([...outer.parts, ...candidate.parts], element));
      if (inner) return `${outer.text} >> ${inner.text}`;
    }
  }
  return null;
}

function isAlone(parts: Part[], element: Element): boolean {
  const found = resolve(parts);
  return found.length === 1 && found[0] === element;
}

/** What is in a label stands for the label: an action on it goes to the control. */
function isWithinLabel(parts: Part[], element: Element): boolean {
  if (!(element instanceof HTMLLabelElement) || !element.control) return false;
  const [found, ...more] = resolve(parts);
  if (!found || more.length > 0) return false;
  return element.contains(found) && controlOf(found) === element.control;
}

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

function isUsable(text: string): boolean {
  return text !== "" && text.length <= LONGEST;
}

/** What is typed into an element is neither its name nor its text. */
function isEdited(element: Element): boolean {
  return element instanceof HTMLElement && element.isContentEditable;
}

function* candidates(element: Element): Generator<Candidate> {
  yield* byRole(element);
  yield* byLabel(element);
  yield* byTestId(element);
  const placeholder = element.getAttribute("placeholder");
  if (placeholder && isUsable(placeholder)) yield attribute("placeholder", "placeholder", placeholder);
  const text = ownText(element);
  if (text) yield { text: `text=${quote(text)}`, parts: [{ engine: "text", pattern: { kind: "exact", text } }] };
  yield* byId(element);
  const name = element.getAttribute("name");
  if (name && !looksGenerated(name)) yield css(`[name=${quoteCss(name)}]`);
  const labelled = element instanceof HTMLLabelElement ? element.htmlFor : "";
  if (labelled && !looksGenerated(labelled)) yield css(`label[for=${quoteCss(labelled)}]`);
}

function* anchors(element: Element): Generator<Candidate> {
  yield* byTestId(element);
  yield* byId(element);
  const isRegion = ["dialog", "alertdialog", "form", "group", "region", "navigation"].includes(roleOf(element) ?? "");
  if (isRegion) yield* byRole(element);
}

function* byRole(element: Element): Generator<Candidate> {
  const role = roleOf(element);
  if (!role || role === "none" || role === "presentation") return;
  const name = accessibleName(element, false);
  if (!isUsable(name)) return;
  const state = { checked: null, pressed: null, selected: null, expanded: null, disabled: null, level: null };
  const query = { operator: "=" as const, text: name, flags: "", any_case: false };
  yield {
    text: `role=${role}[name=${quote(name)}]`,
    parts: [{ engine: "role", role, name: query, ...state, include_hidden: false }],
  };
}

function* byLabel(element: Element): Generator<Candidate> {
  const own = element.getAttribute("aria-label");
  for (const text of [own ?? "", ...nativeLabels(element).map(textOfLabel)].map(collapse)) {
    if (!isUsable(text)) continue;
    yield { text: `label=${quote(text)}`, parts: [{ engine: "label", pattern: { kind: "exact", text } }] };
  }
}

function textOfLabel(label: Element): string {
  return textOf(new Map(), label).full;
}

function* byTestId(element: Element): Generator<Candidate> {
  const testId = element.getAttribute("data-testid");
  if (testId) yield attribute("data-testid", "data-testid", testId);
}

function* byId(element: Element): Generator<Candidate> {
  if (element.id && !looksGenerated(element.id)) yield css(`#${CSS.escape(element.id)}`);
}

/** Its text, if that is short and is no value. */
function ownText(element: Element): string {
  if (isEdited(element) || element.matches("input, textarea, select, html, body")) return "";
  const texts: TextCache = new Map();
  const text = collapse(textOf(texts, element).full);
  return isUsable(text) ? text : "";
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

/** A text in CSS: a line break in quotes ends them, unless it is escaped. */
function quoteCss(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replace(/[\n\r\f]/g, (c) => `\\${c.charCodeAt(0).toString(16)} `)}"`;
}

/** Its place below the nearest element above that has an id or a test id of its own. */
function pathOf(element: Element): string {
  let path = stepOf(element);
  for (const above of ancestors(element)) {
    const testId = above.getAttribute("data-testid");
    const named = testId ? `[data-testid=${quoteCss(testId)}]` : byId(above).next().value?.text;
    if (named && isAlone(css(`${named} > ${path}`).parts, element)) return `${named} > ${path}`;
    path = `${stepOf(above)} > ${path}`;
  }
  const found = resolve(css(path).parts);
  if (found.length <= 1) return path;
  // A shadow root and its host have children at the same places.
  return `${path} >> nth=${found.indexOf(element)}`;
}

function stepOf(element: Element): string {
  const tag = CSS.escape(element.localName);
  const siblings = [...(element.parentNode?.children ?? [])].filter((other) => other.localName === element.localName);
  return siblings.length > 1 ? `${tag}:nth-of-type(${siblings.indexOf(element) + 1})` : tag;
}

/** CSS that matches the element of a frame alone. */
export function frameSelector(element: Element): string {
  const selectors = [...byId(element)].map((candidate) => candidate.text);
  for (const name of ["data-testid", "name", "title", "src"]) {
    const value = element.getAttribute(name);
    if (value && !looksGenerated(value) && isUsable(value)) {
      selectors.push(`${element.localName}[${name}=${quoteCss(value)}]`);
    }
  }
  const alone = selectors.find((selector) => isAlone(css(selector).parts, element));
  // The frame's part takes CSS only: no index behind it.
  return alone ?? pathOf(element).replace(/ >> nth=\d+$/, "");
}

function titleOf(element: Element): string {
  const names = [
    accessibleName(element, false),
    ...nativeLabels(element).map(textOfLabel),
    element.getAttribute("placeholder") ?? "",
    ownText(element),
    element.getAttribute("name") ?? "",
    element.id,
    element.getAttribute("data-testid") ?? "",
  ];
  const named = names.map(collapse).find((name) => name && !revealsSecret(name));
  const title = named ?? parentOf(element)?.localName ?? element.localName;
  return title.slice(0, LONGEST_TITLE).trim();
}
