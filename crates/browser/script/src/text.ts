// The text of elements, and how it is compared.

export type Pattern =
  | { kind: "contains"; text: string }
  | { kind: "exact"; text: string }
  | { kind: "regex"; source: string; flags: string };

/** A text with the pieces that stand directly in the element. */
export interface ElementText {
  full: string;
  /** Each run of text between two child elements. */
  own: string[];
}

export type TextCache = Map<Node, ElementText>;

export function collapse(text: string): string {
  return text.replace(/[\u200b\u00ad]/g, "").trim().replace(/\s+/g, " ");
}

/** True for what a person never reads. */
function isUnread(node: Node): boolean {
  if (!(node instanceof Element)) return false;
  return node.matches("script, noscript, style") || document.head?.contains(node);
}

/** The text of an element with that of its open shadow roots; of a button that is an input, its caption. */
export function textOf(cache: TextCache, node: Element | ShadowRoot | Document): ElementText {
  const known = cache.get(node);
  if (known) return known;
  const text: ElementText = { full: "", own: [] };
  if (isUnread(node)) {
    // Nothing.
  } else if (node instanceof HTMLInputElement && ["submit", "button", "reset"].includes(node.type)) {
    text.full = node.value;
    text.own = [node.value];
  } else {
    collect(cache, node, text);
  }
  cache.set(node, text);
  return text;
}

function collect(cache: TextCache, node: Element | ShadowRoot | Document, text: ElementText): void {
  let run = "";
  const close = () => {
    if (run) text.own.push(run);
    run = "";
  };
  for (const child of node.childNodes) {
    if (child instanceof Text) {
      text.full += child.data;
      run += child.data;
    } else if (child instanceof Element) {
      close();
      text.full += textOf(cache, child).full;
    }
  }
  close();
  if (node instanceof Element && node.shadowRoot) text.full += textOf(cache, node.shadowRoot).full;
}

export type TextTest = (text: ElementText) => boolean;

/** `exact` looks at the pieces that stand directly in an element. */
export function textTest(pattern: Pattern): TextTest {
  switch (pattern.kind) {
    case "contains": {
      const wanted = collapse(pattern.text).toLowerCase();
      return (text) => collapse(text.full).toLowerCase().includes(wanted);
    }
    case "exact": {
      const wanted = collapse(pattern.text);
      return (text) => (!wanted && !text.own.length) || text.own.some((own) => collapse(own) === wanted);
    }
    case "regex": {
      const wanted = regex(pattern);
      return (text) => wanted.test(text.full);
    }
  }
}

/** `exact` looks at the whole text. */
export function wholeTextTest(pattern: Pattern): TextTest {
  if (pattern.kind !== "exact") return textTest(pattern);
  const wanted = collapse(pattern.text);
  return (text) => collapse(text.full) === wanted;
}

export function regex(pattern: { source: string; flags: string }): RegExp {
  // A position that is kept between two texts would skip every second one.
  return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""));
}

/** Whether an element's text passes, and whether a smaller element within it passes as well. */
export function textMatch(cache: TextCache, element: Element, test: TextTest): "none" | "self" | "within" {
  if (isUnread(element) || !test(textOf(cache, element))) return "none";
  for (const child of element.children) if (test(textOf(cache, child))) return "within";
  if (element.shadowRoot && test(textOf(cache, element.shadowRoot))) return "within";
  return "self";
}

/** Compares an attribute's value. */
export function valueTest(pattern: Pattern): (value: string) => boolean {
  switch (pattern.kind) {
    case "contains": {
      const wanted = pattern.text.toLowerCase();
      return (value) => value.toLowerCase().includes(wanted);
    }
    case "exact":
      return (value) => value === pattern.text;
    case "regex": {
      const wanted = regex(pattern);
      return (value) => wanted.test(value);
    }
  }
}
