// Texts of a page in which no secret stands, whatever elements it is split over.

import { collapse } from "../text";
import { rootsOf, spansOf } from "../secrets";

const MASK = "***";
/** Text that is read before it is cut: white space of any length may be in it. */
const READ = 4000;
/** What a person never reads, and what holds the values of fields. */
const SKIPPED = "script, style, noscript, template, textarea, select";

export class Masked {
  private readonly pieces = new Map<Text, [number, number][]>();
  private readonly patterns: RegExp[];

  constructor(secrets: string[]) {
    const texts = [...new Set(secrets.flatMap((secret) => [secret, collapse(secret)]))].filter((text) => text !== "");
    // A longer secret may contain a shorter one.
    texts.sort((a, b) => b.length - a.length);
    this.patterns = texts.map((text) => new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "gi"));
    for (const root of texts.length > 0 ? rootsOf(document) : []) {
      for (const { range } of spansOf(root, texts)) {
        if (!(range.startContainer instanceof Text)) continue;
        const pieces = this.pieces.get(range.startContainer) ?? [];
        pieces.push([range.startOffset, range.endOffset]);
        this.pieces.set(range.startContainer, pieces);
      }
    }
  }

  /** A text without the secrets in it, and without halves of characters, which have no JSON form. */
  clean(text: string): string {
    let clean = text;
    for (const pattern of this.patterns) clean = clean.replace(pattern, MASK);
    return clean.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
  }

  /** The text of an element with that of its open shadow roots, in one line; without the values of fields. */
  text(element: Element): string {
    let text = "";
    const open: Node[] = [element];
    for (let node = open.pop(); node && text.length < READ; node = open.pop()) {
      if (node instanceof Text) {
        text += this.data(node);
        if (text.length >= READ) text = collapse(text);
      } else if (node instanceof Element || node instanceof ShadowRoot) {
        if (node instanceof Element && node !== element && node.matches(SKIPPED)) continue;
        if (node instanceof Element && node.shadowRoot) open.push(node.shadowRoot);
        for (let child = node.lastChild; child; child = child.previousSibling) open.push(child);
      }
    }
    return this.clean(collapse(this.clean(text)));
  }

  private data(node: Text): string {
    const pieces = this.pieces.get(node);
    if (!pieces) return node.data;
    pieces.sort(([a], [b]) => a - b);
    let text = "";
    let end = 0;
    for (const [from, to] of pieces) {
      if (from >= end) text += node.data.slice(end, from) + MASK;
      end = Math.max(end, to);
    }
    return text + node.data.slice(end);
  }
}
