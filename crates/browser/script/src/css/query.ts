// Finds the elements that a selector with our pseudo-classes matches, through open shadow roots.

import { isVisible } from "../visibility";
import { type TextCache, regex, textMatch, textTest } from "../text";
import { type Scope, descendants, inDocumentOrder, parentOf } from "../tree";
import { type Complex, type Compound, type Pseudo, SelectorError, parseSelector } from "./parse";

/** Where a selector is looked for. Nothing outside of the scope counts. */
interface Search {
  scope: Scope;
  texts: TextCache;
}

export function queryCss(scope: Scope, selector: string, texts: TextCache): Element[] {
  return queryList({ scope, texts }, parseSelector(selector));
}

function queryList(search: Search, list: Complex[]): Element[] {
  const [only] = list;
  if (only && list.length === 1) return queryComplex(search, only);
  return inDocumentOrder(list.flatMap((complex) => queryComplex(search, complex)));
}

function queryComplex(search: Search, complex: Complex): Element[] {
  const last = complex.steps.at(-1);
  if (!last) return [];
  return candidatesFor(search, last.compound).filter((element) => matchesSteps(search, element, complex, complex.steps.length - 1));
}

/** All that a compound may match. What names elements by itself gives them in its own order. */
function candidatesFor(search: Search, compound: Compound): Element[] {
  const named = compound.plain === "" || compound.plain === "*";
  for (const pseudo of named ? compound.pseudos : []) {
    if (pseudo.name === "is") return queryList(search, pseudo.list);
    if (pseudo.name === "nth-match") return queryNth(search, pseudo);
    if (pseudo.name === "scope") return [scopeElement(search)];
  }
  return descendants(search.scope, plainOf(compound));
}

function scopeElement(search: Search): Element {
  if (search.scope instanceof Element) return search.scope;
  return search.scope instanceof ShadowRoot ? search.scope.host : document.documentElement;
}

/** Plain selectors that the browser has read; it is asked for each element otherwise. */
const valid = new Set<string>();
const MOST_VALID = 500;

function plainOf(compound: Compound): string {
  const plain = compound.plain || "*";
  if (valid.has(plain)) return plain;
  try {
    document.createDocumentFragment().querySelector(plain);
  } catch {
    throw new SelectorError(`\`${plain}\` is not a valid CSS selector`);
  }
  if (valid.size >= MOST_VALID) valid.clear();
  valid.add(plain);
  return plain;
}

/** True when the element is what the step at `index` names, and the steps before it hold. */
function matchesSteps(search: Search, element: Element, complex: Complex, index: number): boolean {
  const step = complex.steps[index];
  if (!step || !matchesCompound(search, element, step.compound)) return false;
  const before = complex.steps[index - 1];
  if (!before) return true;
  const holds = (other: Element) => matchesSteps(search, other, complex, index - 1);
  return related(search, element, before.combinator ?? " ").some(holds);
}

/** The elements that a combinator leads to from the right to the left, within the scope. */
function related(search: Search, element: Element, combinator: string): Element[] {
  if (element === search.scope) return [];
  switch (combinator) {
    case ">": {
      const parent = parentOf(element);
      return parent ? [parent] : [];
    }
    case "+": {
      const sibling = element.previousElementSibling;
      return sibling ? [sibling] : [];
    }
    case "~": {
      const siblings: Element[] = [];
      for (let at = element.previousElementSibling; at; at = at.previousElementSibling) siblings.push(at);
      return siblings;
    }
    default: {
      const above: Element[] = [];
      for (let at = parentOf(element); at; at = parentOf(at)) {
        above.push(at);
        if (at === search.scope) break;
      }
      return above;
    }
  }
}

function matchesCompound(search: Search, element: Element, compound: Compound): boolean {
  if (compound.plain && !element.matches(plainOf(compound))) return false;
  return compound.pseudos.every((pseudo) => matchesPseudo(search, element, pseudo));
}

function matchesList(search: Search, element: Element, list: Complex[]): boolean {
  return list.some((complex) => matchesSteps(search, element, complex, complex.steps.length - 1));
}

function matchesPseudo(search: Search, element: Element, pseudo: Pseudo): boolean {
  const { texts } = search;
  switch (pseudo.name) {
    case "visible":
      return isVisible(element);
    case "scope":
      return element === scopeElement(search);
    case "is":
      return matchesList(search, element, pseudo.list);
    case "not":
      return !matchesList(search, element, pseudo.list);
    case "has":
      return pseudo.list.some((complex) => has(search, element, complex));
    case "nth-match":
      return queryNth(search, pseudo).includes(element);
    case "has-text": {
      const test = textTest({ kind: "contains", text: pseudo.text });
      return textMatch(texts, element, test) !== "none";
    }
    case "text":
      return textMatch(texts, element, textTest({ kind: "contains", text: pseudo.text })) === "self";
    case "text-is":
      return textMatch(texts, element, textTest({ kind: "exact", text: pseudo.text })) !== "none";
    case "text-matches": {
      const wanted = regex(pseudo);
      return textMatch(texts, element, (text) => wanted.test(text.full)) === "self";
    }
  }
}

function has(search: Search, element: Element, complex: Complex): boolean {
  const inner: Search = { scope: element, texts: search.texts };
  if (complex.lead === " ") return queryComplex(inner, complex).length > 0;
  // The selector's first step is a child or a sibling: look from there.
  const starts = complex.lead === ">" ? [...element.children, ...(element.shadowRoot?.children ?? [])] : following(element, complex.lead);
  const [first] = complex.steps;
  if (!first) return false;
  const rest: Complex = { lead: first.combinator ?? " ", steps: complex.steps.slice(1) };
  return starts.some((start) => {
    if (!matchesCompound(search, start, first.compound)) return false;
    return rest.steps.length === 0 || has(search, start, rest);
  });
}

function following(element: Element, combinator: string): Element[] {
  const siblings: Element[] = [];
  for (let at = element.nextElementSibling; at; at = at.nextElementSibling) {
    siblings.push(at);
    if (combinator === "+") break;
  }
  return siblings;
}

function queryNth(search: Search, pseudo: { list: Complex[]; index: number }): Element[] {
  const element = queryList(search, pseudo.list)[pseudo.index - 1];
  return element ? [element] : [];
}

