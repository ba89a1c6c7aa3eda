// Covers what must not be in a picture: elements, and each place that shows one of some texts.
//
// Nothing is laid over the page: a cover is a style of the element itself, or a highlight of the text, so it
// moves with what it covers and is there in the same frame.

import { type Part, resolve } from "./chain";
import { type Root, type Span, spansOf, rootsOf } from "./secrets";

const HIGHLIGHT = "covered-text";
const RULE =
  `::highlight(${HIGHLIGHT}) { color: #000 !important; background-color: #000 !important; ` +
  "-webkit-text-fill-color: #000 !important; -webkit-text-stroke-color: #000 !important; " +
  "fill: transparent !important; stroke: transparent !important; text-shadow: none !important; }";
/** A black box, with all that is in it. */
const BOX: [string, string][] = [
  ["background", "#000"],
  ["filter", "brightness(0)"],
  ["opacity", "1"],
  ["color", "#000"],
  ["-webkit-text-fill-color", "#000"],
  ["text-shadow", "none"],
];
/** What is drawn without a box goes. */
const GONE: [string, string][] = [["opacity", "0"]];
/** For a PDF: not even its text is there. */
const UNSEEN: [string, string][] = [["visibility", "hidden"], ["opacity", "0"]];
const NAMES = [...new Set([...BOX, ...GONE, ...UNSEEN].map(([name]) => name))];
/** In a page with more elements, what changed without a sign is only looked for now and then. */
const MANY = 2000;
const RARELY = 15;

type Saved = { name: string; value: string; priority: string }[];

const covered = new Map<Element, Saved>();
/** A window whose first document is empty keeps its script for the next one, which needs a sheet of its own. */
let sheet: { of: Document; sheet: CSSStyleSheet } | null = null;

/** Texts that are covered as long as the document lives. */
let secrets: string[] = [];
let requested: Element[] = [];
let requestedTexts: string[] = [];
/** Takes covered text out of the document, for a PDF, in which a text that is painted over can be read. */
let removing = false;
const removedTexts = new Map<Text, { before: string; after: string }>();
let dirty = true;
let frames = 0;
/** The document whose frames are looked at. */
let running: Document | null = null;
const observed = new WeakSet<Node>();
const observer = new MutationObserver(() => {
  dirty = true;
});

/** Covers elements and texts until `uncover`. Answers with how many places are covered. */
export function cover(chains: Part[][], texts: string[], removed: boolean): number {
  requested = chains.flatMap((chain) => resolve(chain));
  requestedTexts = texts;
  removing = removed;
  return apply();
}

export function uncover(): void {
  requested = [];
  requestedTexts = [];
  removing = false;
  for (const [node, { before, after }] of removedTexts) if (node.data === after) node.data = before;
  removedTexts.clear();
  for (const element of [...covered.keys()]) restore(element);
  apply();
}

/** Covers these texts from now on, before each frame that is drawn. Answers with the time. */
export function protect(texts: string[]): number {
  secrets = texts;
  apply();
  look();
  return Date.now();
}

function look(): void {
  if (running === document || secrets.length === 0) return;
  running = document;
  const own = document;
  const frame = () => {
    if (running !== own) return;
    if (secrets.length === 0) {
      running = null;
      return;
    }
    requestAnimationFrame(frame);
    frames += 1;
    if (dirty || frames % RARELY === 0 || document.getElementsByTagName("*").length < MANY) apply();
  };
  requestAnimationFrame(frame);
}

function apply(): number {
  dirty = false;
  const texts = [...new Set([...secrets, ...requestedTexts])].filter((text) => text !== "");
  const roots = texts.length > 0 ? rootsOf(document) : [];
  const wanted = new Set(requested);
  const spans: Span[] = [];
  for (const root of roots) {
    watch(root);
    spans.push(...spansOf(root, texts));
    for (const control of controlsWith(root, texts)) wanted.add(control);
  }
  for (const span of spans) if (!canBeHighlighted(span)) wanted.add(span.parent);
  for (const element of [...covered.keys()]) if (!wanted.has(element)) restore(element);
  for (const element of wanted) hide(element);
  if (removing) for (const span of spans) remove(span.range);
  highlight(spans.filter(canBeHighlighted), roots);
  observer.takeRecords();
  return wanted.size + spans.length;
}

/** Text of a drawing, and of a list's option, takes no highlight. */
function canBeHighlighted(span: Span): boolean {
  return "highlights" in CSS && !(span.parent instanceof SVGElement);
}

function controlsWith(root: Root, texts: string[]): Element[] {
  const folded = texts.map((text) => text.toLowerCase());
  const shows = (value: string | null) => {
    const text = value?.toLowerCase();
    return text !== undefined && folded.some((secret) => text.includes(secret));
  };
  return [...root.querySelectorAll("input, textarea, select, img[alt]")].filter((element) => {
    if (element instanceof HTMLSelectElement) {
      return [...element.options].some((option) => shows(option.value) || shows(option.label));
    }
    if (element instanceof HTMLImageElement) return shows(element.alt);
    const input = element as HTMLInputElement;
    return shows(input.value) || shows(input.placeholder);
  });
}

function hide(element: Element): void {
  const style = (element as HTMLElement | SVGElement).style;
  if (!style) return;
  const isDrawing = element instanceof SVGElement && element.localName !== "svg";
  const wanted = removing ? UNSEEN : isDrawing ? GONE : BOX;
  if (!covered.has(element)) {
    const saved = NAMES.map((name) => ({
      name,
      value: style.getPropertyValue(name),
      priority: style.getPropertyPriority(name),
    }));
    covered.set(element, saved);
  }
  for (const [name, value] of wanted) {
    if (style.getPropertyPriority(name) !== "important") style.setProperty(name, value, "important");
  }
}

function remove(range: Range): void {
  const node = range.startContainer;
  if (!(node instanceof Text)) return;
  const before = removedTexts.get(node)?.before ?? node.data;
  const [from, to] = [range.startOffset, range.endOffset];
  // In place: the ranges of other texts in the node stay where they are.
  node.replaceData(from, to - from, "\u2588".repeat(to - from));
  removedTexts.set(node, { before, after: node.data });
}

function restore(element: Element): void {
  const style = (element as HTMLElement).style;
  for (const { name, value, priority } of covered.get(element) ?? []) {
    if (value) style.setProperty(name, value, priority);
    else style.removeProperty(name);
  }
  covered.delete(element);
  if (element.getAttribute("style") === "") element.removeAttribute("style");
}

function highlight(spans: Span[], roots: Root[]): void {
  if (!("highlights" in CSS)) return;
  if (spans.length === 0) {
    CSS.highlights.delete(HIGHLIGHT);
    return;
  }
  const own = ownSheet();
  for (const root of roots) {
    if (!root.adoptedStyleSheets.includes(own)) root.adoptedStyleSheets.push(own);
  }
  CSS.highlights.set(HIGHLIGHT, new Highlight(...spans.map((span) => span.range)));
}

function ownSheet(): CSSStyleSheet {
  if (sheet?.of !== document) {
    sheet = { of: document, sheet: new CSSStyleSheet() };
    sheet.sheet.replaceSync(RULE);
  }
  return sheet.sheet;
}

/** What changes in the root, or is typed in it, is looked at before the next frame. */
function watch(root: Root): void {
  if (observed.has(root)) return;
  observed.add(root);
  observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
  root.addEventListener("input", () => {
    dirty = true;
    if (secrets.length > 0) apply();
  }, { capture: true });
}
