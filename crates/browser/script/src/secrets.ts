// Where texts stand in a document, whatever elements they are split over.

export type Root = Document | ShadowRoot;

/** A piece of a text node. */
export interface Span {
  range: Range;
  parent: Element;
}

/** The document, and all open shadow roots in it. */
export function rootsOf(root: Root): Root[] {
  const roots: Root[] = [root];
  for (const element of root.querySelectorAll("*")) {
    if (element.shadowRoot) roots.push(...rootsOf(element.shadowRoot));
  }
  return roots;
}

/** All places of the texts in one root. Capitals do not count: a style may show them as others. */
export function spansOf(root: Root, texts: string[]): Span[] {
  const nodes: { node: Text; start: number }[] = [];
  let all = "";
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (parent?.matches("script, style, noscript, template, option")) continue;
    nodes.push({ node: node as Text, start: all.length });
    all += (node as Text).data;
  }
  const folded = fold(all);
  const spans: Span[] = [];
  for (const text of texts.map(fold)) {
    for (let at = folded.indexOf(text); at >= 0; at = folded.indexOf(text, at + 1)) {
      spans.push(...pieces(nodes, at, at + text.length));
    }
  }
  return spans;
}

/** Lower case, unless that has another length. */
function fold(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text;
}

function pieces(nodes: { node: Text; start: number }[], from: number, to: number): Span[] {
  const spans: Span[] = [];
  // The last node that begins at or before the place.
  let index = nodes.findIndex(({ start }) => start > from);
  index = (index < 0 ? nodes.length : index) - 1;
  for (; index < nodes.length; index += 1) {
    const entry = nodes[index];
    if (!entry || entry.start >= to) break;
    const { node, start } = entry;
    const [begin, end] = [Math.max(from - start, 0), Math.min(to - start, node.data.length)];
    const parent = node.parentElement ?? (node.getRootNode() as ShadowRoot).host;
    if (begin >= end || !parent) continue;
    const range = document.createRange();
    range.setStart(node, begin);
    range.setEnd(node, end);
    spans.push({ range, parent });
  }
  return spans;
}
