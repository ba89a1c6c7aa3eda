// The selector of an element, by its attributes first and by its place last.

import { cssText } from "../css/text";
import { type Paths, alone } from "../paths";
import { rootsOf } from "../secrets";
import type { Masked } from "./masked";

const NAMED = ["data-component-path", "data-component-id", "name"];
/** An id that is longer names nothing to a person. */
const LONGEST = 300;

export class Selectors {
  private readonly roots = rootsOf(document);

  constructor(
    private readonly masked: Masked,
    private readonly paths: Paths,
  ) {}

  /** A locator that matches the element alone. */
  of(element: Element): string {
    if (element.id) {
      const selector = `#${CSS.escape(element.id)}`;
      if (this.names(selector, element)) return selector;
    }
    for (const name of NAMED) {
      const value = element.getAttribute(name);
      const selector = `[${name}=${cssText(value ?? "")}]`;
      if (value && this.names(selector, element)) return selector;
    }
    return this.place(element);
  }

  /** Counted in the roots themselves: the same as the locator's search, and faster. */
  private names(selector: string, element: Element): boolean {
    if (selector.length > LONGEST || this.masked.clean(selector) !== selector) return false;
    let found = 0;
    for (const root of this.roots) {
      for (const other of root.querySelectorAll(selector)) {
        if (other !== element) return false;
        found += 1;
      }
    }
    return found === 1;
  }

  private place(element: Element): string {
    const path = this.paths.of(element).css;
    // Without shadow roots each step has one element.
    return this.roots.length === 1 ? path : alone(path, element);
  }
}
