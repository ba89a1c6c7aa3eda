// Paths from the document down to an element, for CSS and for XPath.

import { resolve } from "./chain";
import { parentOf } from "./tree";

/** An element's place among those beside it that have its name. */
interface Place {
  index: number;
  count: number;
}

/** What leads to an element; elements share what leads to the one above them. */
interface Path {
  css: string;
  /** XPath does not reach into shadow roots. */
  xpath: string | null;
}

export class Paths {
  private readonly known = new Map<Element, Path>();
  private readonly places = new Map<Element, Place>();
  private readonly counted = new Set<Node>();

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
    return above ?? { css: "", xpath: null };
  }

  private below(above: Path | undefined, element: Element): Path {
    const { index, count } = this.placeOf(element);
    const step = CSS.escape(element.localName) + (count > 1 ? `:nth-of-type(${index})` : "");
    const css = above ? `${above.css} > ${step}` : step;
    const reached = above ? above.xpath : "";
    const isInShadow = element.parentNode instanceof ShadowRoot;
    if (reached === null || isInShadow) return { css, xpath: null };
    return { css, xpath: `${reached}/${xpathName(element)}${count > 1 ? `[${index}]` : ""}` };
  }

  private placeOf(element: Element): Place {
    const parent = element.parentNode;
    if (parent && !this.counted.has(parent)) {
      this.counted.add(parent);
      const last = new Map<string, { count: number }>();
      for (const child of parent.children) {
        const key = `${child.namespaceURI} ${child.localName}`;
        // All of one name share how many they are.
        const shared = last.get(key) ?? { count: 0 };
        last.set(key, shared);
        shared.count += 1;
        const index = shared.count;
        this.places.set(child, { index, get count() { return shared.count; } });
      }
    }
    return this.places.get(element) ?? { index: 1, count: 1 };
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
