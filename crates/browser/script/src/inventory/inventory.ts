// What a person can act on in a page: buttons, links, fields, components, each with a selector of its own.

import { isDisabled, isReadOnly } from "../aria/state";
import { nativeLabels, referenced } from "../aria/label";
import { type Part, resolve } from "../chain";
import { Paths } from "../paths";
import { isVisible } from "../visibility";
import { Masked } from "./masked";
import { Selectors } from "./selector";

/** Limits of the list: elements, characters of JSON, and milliseconds, in which the page stands still. */
const MOST_ELEMENTS = 2000;
const MOST_CHARACTERS = 4_000_000;
const MOST_MS = 5000;
const LONGEST = 200;
const MOST_DATA = 30;

const ROLES = ["button", "link", "menuitem", "tab", "checkbox", "radio", "switch", "slider", "spinbutton", "textbox"];
/** Components of Perspective: their classes have these beginnings, such as `ia_button--primary`. */
const CLASSES = ["ia_button", "ia_dropdown", "ia_toggle"];
const COMPONENT = [
  "[data-component-path], [data-component-id]",
  ...CLASSES.map((name) => `[class^=${name}], [class*=" ${name}"]`),
].join(", ");
const INTERACTIVE = [
  "button, a, input:not([type=hidden i]), select, textarea, details, summary, [onclick]",
  COMPONENT,
  ...ROLES.map((role) => `[role~=${role} i]`),
].join(", ");

/** Inputs that are called as their roles are. */
const INPUTS: Record<string, string> = {
  button: "button",
  submit: "button",
  reset: "button",
  image: "button",
  checkbox: "checkbox",
  radio: "radio",
  range: "slider",
  number: "spinbutton",
  file: "file",
};

export interface Item {
  id: string | null;
  index: number;
  type: string;
  tagName: string;
  className: string;
  selector: string;
  cssPath: string;
  xpath: string | null;
  text: string;
  label: string | null;
  placeholder: string | null;
  title: string | null;
  ariaLabel: string | null;
  position: { x: number; y: number; width: number; height: number };
  visible: boolean;
  disabled: boolean;
  readonly: boolean;
  componentPath: string | null;
  componentId: string | null;
  dataAttributes: Record<string, string>;
}

export interface Inventory {
  elements: Item[];
  /** How many there are, also of those that are left out. */
  total: number;
}

export function inventory(root: Element, types: string[], exclude: Part[][], secrets: string[]): Inventory {
  const excluded = new Set(exclude.flatMap((chain) => resolve(chain)));
  const wanted = new Set(types.map((type) => type.toLowerCase()));
  const masked = new Masked(secrets);
  const paths = new Paths();
  const selectors = new Selectors(masked, paths);
  const context = { masked, paths, selectors };
  const elements: Item[] = [];
  let total = 0;
  let characters = 0;
  const begun = performance.now();
  for (const element of within(root, excluded)) {
    if (!element.matches(INTERACTIVE) || !isOf(element, wanted)) continue;
    total += 1;
    const isFull = elements.length >= MOST_ELEMENTS || characters > MOST_CHARACTERS;
    if (isFull || performance.now() - begun > MOST_MS) continue;
    const item = describe(element, elements.length, context);
    if (!item) continue;
    characters += JSON.stringify(item).length;
    if (characters <= MOST_CHARACTERS) elements.push(item);
  }
  return { elements, total };
}

/** All elements below, in the order of the document; those of a shadow root come before the host's own. */
function* within(root: Element, excluded: Set<Element>): Generator<Element> {
  const open: Element[] = [];
  const enter = (element: Element) => {
    for (let child = element.lastElementChild; child; child = child.previousElementSibling) open.push(child);
    const shadow = element.shadowRoot;
    for (let child = shadow?.lastElementChild; child; child = child.previousElementSibling) open.push(child);
  };
  if (!excluded.has(root)) enter(root);
  for (let element = open.pop(); element; element = open.pop()) {
    if (excluded.has(element)) continue;
    yield element;
    enter(element);
  }
}

function typeOf(element: Element): string {
  const roles = (element.getAttribute("role") ?? "").toLowerCase().split(/\s+/);
  const role = ROLES.find((role) => roles.includes(role));
  if (role) return role;
  if (element instanceof HTMLInputElement) return INPUTS[element.type] ?? "textbox";
  if (element.localName === "a") return "link";
  if (element.matches("button, select, textarea, details, summary")) return element.localName;
  return element.matches(COMPONENT) ? "component" : element.localName;
}

/** A type is what the element is, its tag, or what an input takes. */
function isOf(element: Element, wanted: Set<string>): boolean {
  if (wanted.size === 0) return true;
  const names = [typeOf(element), element.localName];
  if (element instanceof HTMLInputElement) names.push(element.type);
  return names.some((name) => wanted.has(name.toLowerCase()));
}

interface Context {
  masked: Masked;
  paths: Paths;
  selectors: Selectors;
}

function describe(element: Element, index: number, { masked, paths, selectors }: Context): Item | null {
  const selector = selectors.of(element);
  if (selector === null) return null;
  const short = (text: string) => {
    const clean = masked.clean(text);
    // The cut may go through a character.
    return clean.length > LONGEST ? masked.clean(clean.slice(0, LONGEST)) : clean;
  };
  const attribute = (name: string) => {
    const value = element.getAttribute(name);
    return value === null ? null : short(value);
  };
  const data = [...element.attributes].filter(({ name }) => name.startsWith("data-")).slice(0, MOST_DATA);
  const path = paths.of(element);
  const label = labelOf(element, masked);
  const { x, y, width, height } = element.getBoundingClientRect();
  return {
    id: attribute("id") || null,
    index,
    type: typeOf(element),
    tagName: element.localName,
    className: attribute("class") ?? "",
    selector,
    cssPath: path.css,
    xpath: path.xpath,
    text: short(textOf(element, masked)),
    label: label === null ? null : short(label),
    placeholder: attribute("placeholder"),
    title: attribute("title"),
    ariaLabel: attribute("aria-label"),
    position: { x, y, width, height },
    visible: isVisible(element),
    disabled: isDisabled(element),
    readonly: isReadOnly(element) === true,
    componentPath: attribute("data-component-path"),
    componentId: attribute("data-component-id"),
    dataAttributes: Object.fromEntries(data.map(({ name, value }) => [short(name), short(value)])),
  };
}

/** What it says, not what was typed into it: of a button that is an input its caption, of a list its choice. */
function textOf(element: Element, masked: Masked): string {
  if (element instanceof HTMLInputElement) return INPUTS[element.type] === "button" ? element.value : "";
  if (element instanceof HTMLTextAreaElement) return "";
  if (element instanceof HTMLSelectElement) return [...element.selectedOptions].map((option) => option.label).join(", ");
  return masked.text(element);
}

function labelOf(element: Element, masked: Masked): string | null {
  const referred = referenced(element, "aria-labelledby");
  const labels = referred.length > 0 ? referred : nativeLabels(element);
  return labels.length > 0 ? labels.map((label) => masked.text(label)).join(" ") : null;
}
