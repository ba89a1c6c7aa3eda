// Paths from the document down to an element, for CSS and for XPath.

import { resolve } from "./chain";
import { parentOf } from "./tree";

/** An element's place among those beside it that have its name. */
interface Place {
  index: number;
  count: number;
}

/** How many children have a name, in each vocabulary. */
type Named = Map<string, Map<string | null, { count: number }>>;

/** What leads to an element; elements share what leads to the one above them. */
interface Path {
  css: string;
  /** No other element has the path. */
  exact: boolean;
  /** XPath does not reach into shadow roots. */
  xpath: string | null;
}

export class Paths {
  private readonly known = new Map<Element, Path>();
  private readonly places = new Map<Element, Place>();
  private readonly named = new Map<ParentNode, Named>();

  /** In CSS the top of a shadow root is below its host. */
  of(element: Element): Path {
    const missing: Element[] = [];
    let at: Element | null = element;
    for (; at && !this.known.has(at); at = parentOf(at)) missing.push(at);
    let above = at ? this.known.get(at) : undefined;
    for (const below of missing.reverse()) {
      above = this.below(above, below);
      this.known.set(below, above);
    }
    return above ?? { css: "", exact: false, xpath: null };
  }

  private below(above: Path | undefined, element: Element): Path {
    const { index, count } = this.placeOf(element);
    const rivals = this.rivals(element);
    const step = CSS.escape(element.localName) + (count > 1 || rivals > 0 ? `:nth-of-type(${index})` : "");
    const css = above ? `${above.css} > ${step}` : step;
    const exact = (above?.exact ?? true) && rivals < index;
    const reached = above ? above.xpath : "";
    const isInShadow = element.parentNode instanceof ShadowRoot;
    if (reached === null || isInShadow) return { css, exact, xpath: null };
    return { css, exact, xpath: `${reached}/${xpathName(element)}${count > 1 ? `[${index}]` : ""}` };
  }

  private placeOf(element: Element): Place {
    const parent = element.parentNode;
    if (parent) this.count(parent);
    return this.places.get(element) ?? { index: 1, count: 1 };
  }

  /**
   * The most of one kind that a step takes for its own: those of the same name in another vocabulary, and those
   * at the other side of a shadow root, which a path takes for children of the same element.
   */
  private rivals(element: Element): number {
    const parent = element.parentNode;
    if (!parent) return 0;
    const other = parent instanceof ShadowRoot ? parent.host : parent instanceof Element ? parent.shadowRoot : null;
    let most = 0;
    for (const beside of other ? [parent, other] : [parent]) {
      for (const [space, { count }] of this.count(beside).get(element.localName) ?? []) {
        if (beside !== parent || space !== element.namespaceURI) most = Math.max(most, count);
      }
    }
    return most;
  }

  private count(parent: ParentNode): Named {
    const known = this.named.get(parent);
    if (known) return known;
    const named: Named = new Map();
    this.named.set(parent, named);
    for (const child of parent.children) {
      const spaces = named.get(child.localName) ?? new Map<string | null, { count: number }>();
      named.set(child.localName, spaces);
      // All of one kind share how many they are.
      const shared = spaces.get(child.namespaceURI) ?? { count: 0 };
      spaces.set(child.namespaceURI, shared);
      shared.count += 1;
      const index = shared.count;
      this.places.set(child, { index, get count() { return shared.count; } });
    }
    return named;
  }
}

/** A path of an element as a locator that matches it alone: beside the top of a shadow root may be the host's own. */
export function alone(path: string, element: Element): string {
  const found = resolve([{ engine: "css", selector: path }]);
  return found.length === 1 ? path : `${path} >> nth=${found.indexOf(element)}`;
}

function xpathName(element: Element): string {
  const name = element.localName;
  if (element instanceof HTMLElement && /^[a-z][-\w]*$/.test(name)) return name;
  // Of another vocabulary, such as SVG, or a name that XPath would split.
  const text = name.includes("'") ? `"${name}"` : `'${name}'`;
  return `*[local-name()=${text} and namespace-uri()='${element.namespaceURI ?? ""}']`;
}
