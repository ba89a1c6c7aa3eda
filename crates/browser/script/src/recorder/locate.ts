// The best locator of an element: the first that matches it alone, by what a person sees before by its place.

import { nativeLabels } from "../aria/label";
import { accessibleName } from "../aria/name";
import { roleOf } from "../aria/role";
import { type Part, resolve } from "../chain";
import { controlOf } from "../checks";
import { type TextCache, collapse, textOf } from "../text";
import { ancestors, descendants, parentOf } from "../tree";
import { looksGenerated } from "./generated";
import { revealsSecret } from "./secrets";

/** A longer text changes too easily. */
const LONGEST = 60;
const LONGEST_TITLE = 40;
const ROWS = "tr, li, article, fieldset, [role=row], [role=listitem], [role=article], [role=group]";
/** So many elements are asked, over all candidates: a person must not wait in a page of many elements, where the
 * place of one is found sooner than a name. */
const MOST_ASKED = 100_000;
const LEAST_SEARCHES = 4;
let searches = 0;
/** So many elements that look the same are tried one by one, before all are. */
const MOST_ALIKE = 3;
/** So many texts of a row are tried. */
const MOST_TEXTS = 8;

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
  searches = Math.max(LEAST_SEARCHES, MOST_ASKED / document.getElementsByTagName("*").length);
  const path = pathOf(element);
  return { locator: bestOf(element) ?? path, path, title: titleOf(element) };
}

function bestOf(element: Element): string | null {
  const own = [...candidates(element)].filter((candidate) => !revealsSecret(candidate.text));
  const alike = elementsAlike(element);
  const alone = own.find((candidate) => {
    if (alike.some((other) => resolve(candidate.parts, other.parentElement ?? document).includes(other))) return false;
    return isAlone(candidate.parts, element) || isWithinLabel(candidate.parts, element);
  });
  return alone?.text ?? withinNamed(element, own);
}

/** Some elements that may match what the element matches. It is far quicker to ask them than to ask all. */
function elementsAlike(element: Element): Element[] {
  const found: Element[] = [];
  const text = element.textContent;
  for (const other of document.getElementsByTagName(element.localName)) {
    if (other === element || other.textContent !== text) continue;
    found.push(other);
    if (found.length === MOST_ALIKE) break;
  }
  return found;
}

/** The same within something that can be named: a row by its text, a dialog, a form, a region. */
function withinNamed(element: Element, own: Candidate[]): string | null {
  if (own.length === 0) return null;
  for (const above of ancestors(element)) {
    for (const outer of anchors(above, element)) {
      if (revealsSecret(outer.text) || !isAlone(outer.parts, above)) continue;
      const inner = own.find((candidate) => isAlone([...outer.parts, ...candidate.parts], element));
      if (inner) return `${outer.text} >> ${inner.text}`;
    }
  }
  return null;
}

function isAlone(parts: Part[], element: Element): boolean {
  searches -= 1;
  return searches >= 0 && isOnly(parts, element);
}

function isOnly(parts: Part[], element: Element): boolean {
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

/** What names an element around another one. */
function* anchors(element: Element, inner: Element): Generator<Candidate> {
  yield* byTestId(element);
  yield* byId(element);
  if (element.matches(ROWS)) yield* byTextWithin(element, inner);
  const isRegion = ["dialog", "alertdialog", "form", "group", "region", "navigation"].includes(roleOf(element) ?? "");
  if (isRegion) yield* byRole(element);
}

/** Rows and cards, by one of the texts that stand in them beside the element itself. */
function* byTextWithin(row: Element, inner: Element): Generator<Candidate> {
  const texts: TextCache = new Map();
  const others = descendants(row).filter((other) => !inner.contains(other) && !other.contains(inner));
  // Each text with the tag that it stands in.
  const said = new Map<string, string>();
  for (const other of [row, ...others]) {
    if (isEdited(other)) continue;
    for (const run of textOf(texts, other).own.map(collapse)) {
      const isName = isUsable(run) && /\p{L}|\p{N}/u.test(run);
      if (isName && !said.has(run) && said.size < MOST_TEXTS) said.set(run, other === row ? "" : other.localName);
    }
  }
  const own = row.localName;
  for (const text of said.keys()) {
    if (!isSaidElsewhere(row, text, false)) yield css(`${own}:has-text(${quoteCss(text)})`);
  }
  for (const [text, tag] of said) {
    // It is a part of other texts, such as a number.
    if (isSaidElsewhere(row, text, true)) continue;
    const exact = `:text-is(${quoteCss(text)})`;
    yield css(tag ? `${own}:has(${tag}${exact})` : `${own}${exact}`);
  }
}

/** Sees quickly whether a text tells a row from others, before the resolver does. */
function isSaidElsewhere(row: Element, text: string, exactly: boolean): boolean {
  const folded = text.toLowerCase();
  const isExact = (element: Element) => collapse(element.textContent ?? "") === text;
  for (const other of document.getElementsByTagName(row.localName)) {
    if (other.contains(row) || row.contains(other)) continue;
    if (!collapse(other.textContent ?? "").toLowerCase().includes(folded)) continue;
    if (!exactly || isExact(other) || [...other.querySelectorAll("*")].some(isExact)) return true;
  }
  return false;
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
    if (named && isOnly(css(`${named} > ${path}`).parts, element)) return `${named} > ${path}`;
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
  const alone = selectors.find((selector) => isOnly(css(selector).parts, element));
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
