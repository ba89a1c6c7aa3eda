// Resolves a chain of locator parts to elements.

import { queryCss } from "./css/query";
import { isHiddenForAria } from "./aria/hidden";
import { nativeLabels, referenced } from "./aria/label";
import { accessibleName } from "./aria/name";
import { levelOf, roleOf } from "./aria/role";
import { checkedState, isDisabled, isExpanded, isSelected, pressedState } from "./aria/state";
import { type Pattern, type TextCache, collapse, regex, textMatch, textOf, textTest, valueTest, wholeTextTest } from "./text";
import { type Scope, descendants } from "./tree";
import { isVisible } from "./visibility";

interface NameQuery {
  operator: "=" | "*=" | "^=" | "$=" | "~";
  text: string;
  flags: string;
  any_case: boolean;
}

interface RoleQuery {
  role: string;
  name: NameQuery | null;
  checked: string | null;
  pressed: string | null;
  selected: boolean | null;
  expanded: boolean | null;
  disabled: boolean | null;
  level: number | null;
  include_hidden: boolean;
}

export type Part =
  | { engine: "css"; selector: string }
  | { engine: "frame"; selector: string }
  | { engine: "xpath"; expression: string }
  | { engine: "text" | "has-text" | "label"; pattern: Pattern }
  | { engine: "attribute"; name: string; pattern: Pattern }
  | ({ engine: "role" } & RoleQuery)
  | { engine: "nth"; index: number }
  | { engine: "visible"; visible: boolean };

/** All elements that the chain matches. */
export function resolve(parts: Part[], from: Scope = document): Element[] {
  const texts: TextCache = new Map();
  let found: Scope[] = [from];
  for (const part of parts) found = step(part, found, texts);
  return found.filter((element) => element instanceof Element);
}

function step(part: Part, scopes: Scope[], texts: TextCache): Element[] {
  const elements = scopes.filter((scope) => scope instanceof Element);
  switch (part.engine) {
    case "nth": {
      const element = elements.at(part.index);
      return element ? [element] : [];
    }
    case "visible":
      return elements.filter((element) => isVisible(element) === part.visible);
    case "has-text": {
      const test = wholeTextTest(part.pattern);
      return elements.filter((element) => textMatch(texts, element, test) !== "none");
    }
    default:
      // An element that two scopes contain counts once.
      return [...new Set(scopes.flatMap((scope) => within(part, scope, texts)))];
  }
}

function within(part: Part, scope: Scope, texts: TextCache): Element[] {
  switch (part.engine) {
    case "css":
    case "frame":
      return queryCss(scope, part.selector, texts);
    case "xpath":
      return queryXpath(scope, part.expression);
    case "text":
      return queryText(scope, part.pattern, texts);
    case "label": {
      const test = wholeTextTest(part.pattern);
      return descendants(scope).filter((element) => labelTexts(element, texts).some(test));
    }
    case "attribute": {
      const test = valueTest(part.pattern);
      const having = descendants(scope, `[${CSS.escape(part.name)}]`);
      return having.filter((element) => test(element.getAttribute(part.name) ?? ""));
    }
    case "role":
      return descendants(scope).filter((element) => matchesRole(element, part));
    default:
      return [];
  }
}

function queryXpath(scope: Scope, expression: string): Element[] {
  const relative = expression.startsWith("/") && !(scope instanceof Document) ? `.${expression}` : expression;
  const found: Element[] = [];
  const results = document.evaluate(relative, scope, null, XPathResult.ORDERED_NODE_ITERATOR_TYPE);
  for (let node = results.iterateNext(); node; node = results.iterateNext()) {
    if (node instanceof Element) found.push(node);
  }
  return found;
}

/** The smallest elements with the text, of which the scope may be one. */
function queryText(scope: Scope, pattern: Pattern, texts: TextCache): Element[] {
  const test = textTest(pattern);
  const candidates = scope instanceof Element ? [scope, ...descendants(scope)] : descendants(scope);
  return candidates.filter((element) => {
    const match = textMatch(texts, element, test);
    return match === "self" || (match === "within" && pattern.kind === "exact");
  });
}

/** The texts that label a control: of the elements it refers to, its own, or those of its labels. */
function labelTexts(element: Element, texts: TextCache): { full: string; own: string[] }[] {
  const referred = referenced(element, "aria-labelledby");
  if (element.hasAttribute("aria-labelledby") && referred.length > 0) {
    return referred.map((label) => textOf(texts, label));
  }
  const own = element.getAttribute("aria-label");
  if (own?.trim()) return [{ full: own, own: [own] }];
  return nativeLabels(element).map((label) => textOf(texts, label));
}

function matchesRole(element: Element, query: RoleQuery): boolean {
  if (roleOf(element) !== query.role) return false;
  const holds = <T>(wanted: T | null, state: () => T | null) => wanted === null || state() === wanted;
  return (
    holds(query.checked, () => checkedState(element) ?? "false") &&
    holds(query.pressed, () => pressedState(element)) &&
    holds(query.selected, () => isSelected(element)) &&
    holds(query.expanded, () => isExpanded(element)) &&
    holds(query.disabled, () => isDisabled(element)) &&
    holds(query.level, () => levelOf(element)) &&
    (query.include_hidden || !isHiddenForAria(element)) &&
    (query.name === null || matchesName(accessibleName(element, query.include_hidden), query.name))
  );
}

function matchesName(name: string, query: NameQuery): boolean {
  if (query.operator === "~") return regex({ source: query.text, flags: query.flags }).test(name);
  const fold = (text: string) => (query.any_case ? text.toLowerCase() : text);
  const [own, wanted] = [fold(name), fold(collapse(query.text))];
  switch (query.operator) {
    case "*=":
      return own.includes(wanted);
    case "^=":
      return own.startsWith(wanted);
    case "$=":
      return own.endsWith(wanted);
    default:
      return own === wanted;
  }
}
