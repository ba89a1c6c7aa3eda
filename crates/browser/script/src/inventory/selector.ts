// The selector of an element, by its attributes first and by its place last.

import { cssText } from "../css/text";
import { type Paths, alone } from "../paths";
import { rootsOf } from "../secrets";
import type { Masked } from "./masked";

const NAMED = ["data-component-path", "data-component-id", "name"];
/** An id that is longer names nothing to a person. */
const LONGEST = 300;
/** So many elements are looked for by a path that others may share, which takes a search of the whole page. */
const MOST_SEARCHES = 100;

export class Selectors {
  /** How many elements have a value of an attribute, in all roots. */
  private readonly counts = new Map<string, Map<string, number>>();
  private searches = 0;

  constructor(
    private readonly masked: Masked,
    private readonly paths: Paths,
  ) {
    const roots = rootsOf(document);
    for (const name of ["id", ...NAMED]) {
      const counts = new Map<string, number>();
      for (const root of roots) {
        for (const element of root.querySelectorAll(`[${name}]`)) {
          const value = valueOf(element, name);
          counts.set(value, (counts.get(value) ?? 0) + 1);
        }
      }
      this.counts.set(name, counts);
    }
  }

  /** A locator that matches the element alone; `null` when it would take too long to find one. */
  of(element: Element): string | null {
    for (const name of ["id", ...NAMED]) {
      const value = element.getAttribute(name);
      if (!value || value.length > LONGEST || this.counts.get(name)?.get(valueOf(element, name)) !== 1) continue;
      const selector = name === "id" ? `#${CSS.escape(value)}` : `[${name}=${cssText(value)}]`;
      if (this.masked.clean(selector) === selector) return selector;
    }
    const path = this.paths.of(element);
    if (path.exact) return path.css;
    this.searches += 1;
    return this.searches <= MOST_SEARCHES ? alone(path.css, element) : null;
  }
}

/** In an old document capitals of ids do not count. */
function valueOf(element: Element, name: string): string {
  const value = element.getAttribute(name) ?? "";
  return name === "id" && document.compatMode === "BackCompat" ? value.toLowerCase() : value;
}
