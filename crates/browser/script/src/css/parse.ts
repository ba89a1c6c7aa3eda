// Reads CSS with our own pseudo-classes. What is plain CSS stays a text for the browser.

export type Combinator = " " | ">" | "+" | "~";

/** `a > b`: the last step is the element, each other one stands before it. */
export interface Complex {
  /** How the first step relates to the element that the selector is relative to, within `:has()`. */
  lead: Combinator;
  steps: { compound: Compound; combinator: Combinator | null }[];
}

export interface Compound {
  /** Plain CSS, or an empty text. */
  plain: string;
  pseudos: Pseudo[];
}

export type Pseudo =
  | { name: "has" | "is" | "not"; list: Complex[] }
  | { name: "has-text" | "text" | "text-is"; text: string }
  | { name: "text-matches"; source: string; flags: string }
  | { name: "nth-match"; list: Complex[]; index: number }
  | { name: "visible" | "scope" };

const OWN = new Set([
  "has", "is", "where", "not", "has-text", "text", "text-is", "text-matches", "nth-match", "visible", "scope",
]);

export class SelectorError extends Error {}

export function parseSelector(text: string): Complex[] {
  const reader = new Reader(text);
  const list = reader.list(false);
  if (!reader.done()) reader.fail(`unexpected "${reader.rest()}"`);
  return list;
}

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  fail(reason: string): never {
    throw new SelectorError(`the CSS selector \`${this.text}\` cannot be read: ${reason}`);
  }

  done(): boolean {
    return this.at >= this.text.length;
  }

  rest(): string {
    return this.text.slice(this.at, this.at + 20);
  }

  private peek(): string {
    return this.text[this.at] ?? "";
  }

  private space(): boolean {
    const from = this.at;
    while (/\s/.test(this.peek())) this.at += 1;
    return this.at > from;
  }

  list(relative: boolean): Complex[] {
    const list = [this.complex(relative)];
    while (this.peek() === ",") {
      this.at += 1;
      list.push(this.complex(relative));
    }
    return list;
  }

  private complex(relative: boolean): Complex {
    this.space();
    const complex: Complex = { lead: " ", steps: [] };
    if (relative && /[>+~]/.test(this.peek())) complex.lead = this.combinator() ?? " ";
    for (;;) {
      const compound = this.compound();
      const combinator = this.combinator();
      complex.steps.push({ compound, combinator });
      if (combinator === null) return complex;
    }
  }

  /** `null` where the selector ends. */
  private combinator(): Combinator | null {
    const spaced = this.space();
    const next = this.peek();
    if (next === ">" || next === "+" || next === "~") {
      this.at += 1;
      this.space();
      return next;
    }
    if (next === "" || next === "," || next === ")") return null;
    return spaced ? " " : this.fail(`unexpected "${this.rest()}"`);
  }

  private compound(): Compound {
    const compound: Compound = { plain: "", pseudos: [] };
    const from = this.at;
    while (!this.done() && !/[\s>+~,)]/.test(this.peek())) {
      const next = this.peek();
      if (next === "[") compound.plain += this.bracket();
      else if (next === ":") this.pseudo(compound);
      else compound.plain += this.characters();
    }
    if (this.at === from) this.fail(this.done() ? "it ends too early" : `unexpected "${this.rest()}"`);
    return compound;
  }

  /** Up to what may mean something else; an escaped character never does. */
  private characters(): string {
    const from = this.at;
    // A number in hexadecimal digits has a space behind it that belongs to it.
    const escaped = /^\\(?:[0-9a-f]{1,6}\s?|[^])/i.exec(this.text.slice(from, from + 8));
    this.at += escaped ? escaped[0].length : 1;
    return this.text.slice(from, this.at);
  }

  private bracket(): string {
    const from = this.at;
    while (!this.done() && this.peek() !== "]") {
      if (/["']/.test(this.peek())) this.quoted();
      else this.at += this.peek() === "\\" ? 2 : 1;
    }
    if (this.done()) this.fail("a ] is missing");
    this.at += 1;
    return this.text.slice(from, this.at);
  }

  private quoted(): string {
    const quote = this.peek();
    let text = "";
    for (this.at += 1; !this.done() && this.peek() !== quote; this.at += 1) {
      if (this.peek() === "\\") this.at += 1;
      text += this.peek();
    }
    if (this.done()) this.fail(`a ${quote} is not closed`);
    this.at += 1;
    return text;
  }

  private pseudo(compound: Compound): void {
    const match = /^::?[-\w]+/.exec(this.text.slice(this.at));
    if (!match) this.fail(`unexpected "${this.rest()}"`);
    const name = match[0].replace(/^:/, "").toLowerCase();
    const from = this.at;
    this.at += match[0].length;
    const call = this.peek() === "(";
    if (!OWN.has(name)) {
      if (call) this.skipParentheses();
      compound.plain += this.text.slice(from, this.at);
      return;
    }
    if (name === "visible" || name === "scope") {
      compound.pseudos.push({ name });
      return;
    }
    if (!call) this.fail(`:${name} needs parentheses`);
    this.at += 1;
    compound.pseudos.push(this.call(name));
    this.space();
    if (this.peek() !== ")") this.fail(`a ) is missing behind :${name}`);
    this.at += 1;
  }

  private call(name: string): Pseudo {
    switch (name) {
      case "has":
        return { name, list: this.list(true) };
      case "is":
      case "where":
        return { name: "is", list: this.list(false) };
      case "not":
        return { name, list: this.list(false) };
      case "nth-match":
        return this.nthMatch();
      case "text-matches": {
        const [source = "", flags = ""] = this.texts();
        return { name, source, flags };
      }
      default: {
        const [text, more] = this.texts();
        if (text === undefined || more !== undefined) this.fail(`:${name} takes one text`);
        return { name: name as "text", text };
      }
    }
  }

  private nthMatch(): Pseudo {
    const list = [this.complex(false)];
    for (;;) {
      this.space();
      if (this.peek() !== ",") this.fail(":nth-match takes selectors and a number");
      this.at += 1;
      this.space();
      const number = /^\d+(?=\s*\))/.exec(this.text.slice(this.at));
      if (number) {
        this.at += number[0].length;
        return { name: "nth-match", list, index: Number(number[0]) };
      }
      list.push(this.complex(false));
    }
  }

  /** Texts with commas between them; one without quotes goes up to the comma or parenthesis. */
  private texts(): string[] {
    const texts: string[] = [];
    for (;;) {
      this.space();
      if (/["']/.test(this.peek())) texts.push(this.quoted());
      else texts.push(this.unquoted());
      this.space();
      if (this.peek() !== ",") return texts;
      this.at += 1;
    }
  }

  private unquoted(): string {
    const from = this.at;
    while (!this.done() && !/[,)]/.test(this.peek())) this.at += 1;
    return this.text.slice(from, this.at).trim();
  }

  private skipParentheses(): void {
    let depth = 0;
    do {
      const next = this.peek();
      if (/["']/.test(next)) {
        this.quoted();
        continue;
      }
      if (next === "(") depth += 1;
      if (next === ")") depth -= 1;
      this.at += next === "\\" ? 2 : 1;
    } while (depth > 0 && !this.done());
    if (depth > 0) this.fail("a ) is missing");
  }
}
