"use strict";
var page = (() => {
  var __defProp = Object.defineProperty;
  var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
  var __getOwnPropNames = Object.getOwnPropertyNames;
  var __hasOwnProp = Object.prototype.hasOwnProperty;
  var __export = (target, all) => {
    for (var name in all)
      __defProp(target, name, { get: all[name], enumerable: true });
  };
  var __copyProps = (to, from, except, desc) => {
    if (from && typeof from === "object" || typeof from === "function") {
      for (let key of __getOwnPropNames(from))
        if (!__hasOwnProp.call(to, key) && key !== except)
          __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
    }
    return to;
  };
  var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);

  // src/main.ts
  var main_exports = {};
  __export(main_exports, {
    open: () => open
  });

  // src/visibility.ts
  function isStyledVisible(element, style = getComputedStyle(element)) {
    if (!element.checkVisibility()) return false;
    return style.visibility === "visible";
  }
  function isVisible(element) {
    const style = getComputedStyle(element);
    if (style.display === "contents") {
      for (const child of element.childNodes) {
        if (child instanceof Element && isVisible(child)) return true;
        if (child instanceof Text && isTextVisible(child)) return true;
      }
      return false;
    }
    if (!isStyledVisible(element, style)) return false;
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0;
  }
  function isTextVisible(text) {
    const range = document.createRange();
    range.selectNode(text);
    const box = range.getBoundingClientRect();
    return box.width > 0 && box.height > 0;
  }

  // src/text.ts
  function collapse(text) {
    return text.replace(/[\u200b\u00ad]/g, "").trim().replace(/\s+/g, " ");
  }
  function isUnread(node) {
    if (!(node instanceof Element)) return false;
    return node.matches("script, noscript, style") || document.head?.contains(node);
  }
  function textOf(cache, node) {
    const known = cache.get(node);
    if (known) return known;
    const text = { full: "", own: [] };
    if (isUnread(node)) {
    } else if (node instanceof HTMLInputElement && ["submit", "button", "reset"].includes(node.type)) {
      text.full = node.value;
      text.own = [node.value];
    } else {
      collect(cache, node, text);
    }
    cache.set(node, text);
    return text;
  }
  function collect(cache, node, text) {
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
  function textTest(pattern) {
    switch (pattern.kind) {
      case "contains": {
        const wanted = collapse(pattern.text).toLowerCase();
        return (text) => collapse(text.full).toLowerCase().includes(wanted);
      }
      case "exact": {
        const wanted = collapse(pattern.text);
        return (text) => !wanted && !text.own.length || text.own.some((own) => collapse(own) === wanted);
      }
      case "regex": {
        const wanted = regex(pattern);
        return (text) => wanted.test(text.full);
      }
    }
  }
  function wholeTextTest(pattern) {
    if (pattern.kind !== "exact") return textTest(pattern);
    const wanted = collapse(pattern.text);
    return (text) => collapse(text.full) === wanted;
  }
  function regex(pattern) {
    return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""));
  }
  function textMatch(cache, element, test) {
    if (isUnread(element) || !test(textOf(cache, element))) return "none";
    for (const child of element.children) if (test(textOf(cache, child))) return "within";
    if (element.shadowRoot && test(textOf(cache, element.shadowRoot))) return "within";
    return "self";
  }
  function valueTest(pattern) {
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

  // src/tree.ts
  function parentOf(element) {
    if (element.parentElement) return element.parentElement;
    const root = element.parentNode;
    return root instanceof ShadowRoot ? root.host : null;
  }
  function drawnParentOf(element) {
    return element.assignedSlot ?? parentOf(element);
  }
  function* ancestors(element) {
    for (let above = parentOf(element); above; above = parentOf(above)) yield above;
  }
  function closest(element, selector) {
    if (element.matches(selector)) return element;
    for (const above of ancestors(element)) if (above.matches(selector)) return above;
    return null;
  }
  function descendants(scope, selector = "*") {
    const found = [];
    const visit = (root) => {
      for (const element of root.querySelectorAll(selector)) found.push(element);
      const own = root instanceof Element ? root.shadowRoot : null;
      if (own) visit(own);
      for (const element of root.querySelectorAll("*")) if (element.shadowRoot) visit(element.shadowRoot);
    };
    visit(scope);
    return found;
  }
  function inDocumentOrder(elements2) {
    const wanted = new Set(elements2);
    if (wanted.size < 2) return [...wanted];
    const sorted = [];
    const visit = (parent) => {
      for (const child of parent.children) {
        if (wanted.has(child)) sorted.push(child);
        visit(child);
        if (child.shadowRoot) visit(child.shadowRoot);
      }
    };
    visit(document);
    for (const element of sorted) wanted.delete(element);
    return sorted.concat([...wanted]);
  }
  function elementAt(x, y) {
    let found = document.elementFromPoint(x, y);
    while (found?.shadowRoot) {
      const inner = found.shadowRoot.elementFromPoint(x, y);
      if (!inner || inner === found) break;
      found = inner;
    }
    return found;
  }

  // src/css/parse.ts
  var OWN = /* @__PURE__ */ new Set([
    "has",
    "is",
    "where",
    "not",
    "has-text",
    "text",
    "text-is",
    "text-matches",
    "nth-match",
    "visible",
    "scope"
  ]);
  var SelectorError = class extends Error {
  };
  function parseSelector(text) {
    const reader = new Reader(text);
    const list = reader.list(false);
    if (!reader.done()) reader.fail(`unexpected "${reader.rest()}"`);
    return list;
  }
  var Reader = class {
    constructor(text) {
      this.text = text;
    }
    text;
    at = 0;
    fail(reason) {
      throw new SelectorError(`the CSS selector \`${this.text}\` cannot be read: ${reason}`);
    }
    done() {
      return this.at >= this.text.length;
    }
    rest() {
      return this.text.slice(this.at, this.at + 20);
    }
    peek() {
      return this.text[this.at] ?? "";
    }
    space() {
      const from = this.at;
      while (/\s/.test(this.peek())) this.at += 1;
      return this.at > from;
    }
    list(relative) {
      const list = [this.complex(relative)];
      while (this.peek() === ",") {
        this.at += 1;
        list.push(this.complex(relative));
      }
      return list;
    }
    complex(relative) {
      this.space();
      const complex = { lead: " ", steps: [] };
      if (relative && /[>+~]/.test(this.peek())) complex.lead = this.combinator() ?? " ";
      for (; ; ) {
        const compound = this.compound();
        const combinator = this.combinator();
        complex.steps.push({ compound, combinator });
        if (combinator === null) return complex;
      }
    }
    /** `null` where the selector ends. */
    combinator() {
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
    compound() {
      const compound = { plain: "", pseudos: [] };
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
    characters() {
      const from = this.at;
      const escaped = /^\\(?:[0-9a-f]{1,6}\s?|[^])/i.exec(this.text.slice(from, from + 8));
      this.at += escaped ? escaped[0].length : 1;
      return this.text.slice(from, this.at);
    }
    bracket() {
      const from = this.at;
      while (!this.done() && this.peek() !== "]") {
        if (/["']/.test(this.peek())) this.quoted();
        else this.at += this.peek() === "\\" ? 2 : 1;
      }
      if (this.done()) this.fail("a ] is missing");
      this.at += 1;
      return this.text.slice(from, this.at);
    }
    quoted() {
      const quote2 = this.peek();
      let text = "";
      for (this.at += 1; !this.done() && this.peek() !== quote2; this.at += 1) {
        if (this.peek() === "\\") this.at += 1;
        text += this.peek();
      }
      if (this.done()) this.fail(`a ${quote2} is not closed`);
      this.at += 1;
      return text;
    }
    pseudo(compound) {
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
    call(name) {
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
          if (text === void 0 || more !== void 0) this.fail(`:${name} takes one text`);
          return { name, text };
        }
      }
    }
    nthMatch() {
      const list = [this.complex(false)];
      for (; ; ) {
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
    texts() {
      const texts = [];
      for (; ; ) {
        this.space();
        if (/["']/.test(this.peek())) texts.push(this.quoted());
        else texts.push(this.unquoted());
        this.space();
        if (this.peek() !== ",") return texts;
        this.at += 1;
      }
    }
    unquoted() {
      const from = this.at;
      while (!this.done() && !/[,)]/.test(this.peek())) this.at += 1;
      return this.text.slice(from, this.at).trim();
    }
    skipParentheses() {
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
  };

  // src/css/query.ts
  function queryCss(scope, selector, texts) {
    return queryList({ scope, texts }, parseSelector(selector));
  }
  function queryList(search, list) {
    const [only] = list;
    if (only && list.length === 1) return queryComplex(search, only);
    return inDocumentOrder(list.flatMap((complex) => queryComplex(search, complex)));
  }
  function queryComplex(search, complex) {
    const last2 = complex.steps.at(-1);
    if (!last2) return [];
    return candidatesFor(search, last2.compound).filter((element) => matchesSteps(search, element, complex, complex.steps.length - 1));
  }
  function candidatesFor(search, compound) {
    const named = compound.plain === "" || compound.plain === "*";
    for (const pseudo of named ? compound.pseudos : []) {
      if (pseudo.name === "is") return queryList(search, pseudo.list);
      if (pseudo.name === "nth-match") return queryNth(search, pseudo);
      if (pseudo.name === "scope") return [scopeElement(search)];
    }
    return descendants(search.scope, plainOf(compound));
  }
  function scopeElement(search) {
    if (search.scope instanceof Element) return search.scope;
    return search.scope instanceof ShadowRoot ? search.scope.host : document.documentElement;
  }
  var valid = /* @__PURE__ */ new Set();
  var MOST_VALID = 500;
  function plainOf(compound) {
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
  function matchesSteps(search, element, complex, index) {
    const step2 = complex.steps[index];
    if (!step2 || !matchesCompound(search, element, step2.compound)) return false;
    const before = complex.steps[index - 1];
    if (!before) return true;
    const holds = (other) => matchesSteps(search, other, complex, index - 1);
    return related(search, element, before.combinator ?? " ").some(holds);
  }
  function related(search, element, combinator) {
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
        const siblings = [];
        for (let at = element.previousElementSibling; at; at = at.previousElementSibling) siblings.push(at);
        return siblings;
      }
      default: {
        const above = [];
        for (let at = parentOf(element); at; at = parentOf(at)) {
          above.push(at);
          if (at === search.scope) break;
        }
        return above;
      }
    }
  }
  function matchesCompound(search, element, compound) {
    if (compound.plain && !element.matches(plainOf(compound))) return false;
    return compound.pseudos.every((pseudo) => matchesPseudo(search, element, pseudo));
  }
  function matchesList(search, element, list) {
    return list.some((complex) => matchesSteps(search, element, complex, complex.steps.length - 1));
  }
  function matchesPseudo(search, element, pseudo) {
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
  function has(search, element, complex) {
    const inner = { scope: element, texts: search.texts };
    if (complex.lead === " ") return queryComplex(inner, complex).length > 0;
    const starts = complex.lead === ">" ? [...element.children, ...element.shadowRoot?.children ?? []] : following(element, complex.lead);
    const [first] = complex.steps;
    if (!first) return false;
    const rest = { lead: first.combinator ?? " ", steps: complex.steps.slice(1) };
    return starts.some((start) => {
      if (!matchesCompound(search, start, first.compound)) return false;
      return rest.steps.length === 0 || has(search, start, rest);
    });
  }
  function following(element, combinator) {
    const siblings = [];
    for (let at = element.nextElementSibling; at; at = at.nextElementSibling) {
      siblings.push(at);
      if (combinator === "+") break;
    }
    return siblings;
  }
  function queryNth(search, pseudo) {
    const element = queryList(search, pseudo.list)[pseudo.index - 1];
    return element ? [element] : [];
  }

  // src/aria/hidden.ts
  var NEVER = "style, script, noscript, template";
  function isHiddenForAria(element) {
    if (element.matches(NEVER)) return true;
    const style = getComputedStyle(element);
    const isSlot = element instanceof HTMLSlotElement;
    if (style.display === "contents" && !isSlot) {
      const shown = [...element.childNodes].some(
        (child) => child instanceof Element && !isHiddenForAria(child) || child instanceof Text && isTextVisible(child)
      );
      if (!shown) return true;
    }
    const isOption = element instanceof HTMLOptionElement && element.closest("select") !== null;
    if (!isOption && !isSlot && style.display !== "contents" && !isStyledVisible(element, style)) return true;
    return isCutOff(element);
  }
  function isCutOff(element) {
    for (let at = element; at; at = parentOf(at)) {
      if (at.parentElement?.shadowRoot && !at.assignedSlot) return true;
      if (at.getAttribute("aria-hidden")?.toLowerCase() === "true") return true;
      if (getComputedStyle(at).display === "none") return true;
    }
    return false;
  }

  // src/aria/label.ts
  function referenced(element, attribute2) {
    const ids = element.getAttribute(attribute2);
    if (ids === null) return [];
    const root = element.getRootNode();
    if (!(root instanceof Document || root instanceof ShadowRoot)) return [];
    const found = ids.split(/\s+/).map((id) => id ? root.getElementById(id) : null);
    return [...new Set(found)].filter((labelling) => labelling !== null);
  }
  function hasExplicitName(element) {
    return element.hasAttribute("aria-label") || element.hasAttribute("aria-labelledby");
  }
  var LABELLABLE = "button, meter, output, progress, select, textarea, input:not([type=hidden])";
  function nativeLabels(element) {
    if (!element.matches(LABELLABLE)) return [];
    return [...element.labels ?? []];
  }

  // src/aria/role.ts
  var ROLES = new Set(
    "alert alertdialog application article banner blockquote button caption cell checkbox code columnheader combobox complementary contentinfo definition deletion dialog directory document emphasis feed figure form generic grid gridcell group heading img insertion link list listbox listitem log main mark marquee math menu menubar menuitem menuitemcheckbox menuitemradio meter navigation none note option paragraph presentation progressbar radio radiogroup region row rowgroup rowheader scrollbar search searchbox separator slider spinbutton status strong subscript superscript switch tab table tablist tabpanel term textbox time timer toolbar tooltip tree treegrid treeitem".split(" ")
  );
  var BY_TAG = {
    article: "article",
    aside: "complementary",
    blockquote: "blockquote",
    button: "button",
    caption: "caption",
    code: "code",
    datalist: "listbox",
    dd: "definition",
    del: "deletion",
    details: "group",
    dfn: "term",
    dialog: "dialog",
    dt: "term",
    em: "emphasis",
    fieldset: "group",
    figure: "figure",
    h1: "heading",
    h2: "heading",
    h3: "heading",
    h4: "heading",
    h5: "heading",
    h6: "heading",
    hr: "separator",
    html: "document",
    ins: "insertion",
    li: "listitem",
    main: "main",
    mark: "mark",
    math: "math",
    menu: "list",
    meter: "meter",
    nav: "navigation",
    ol: "list",
    optgroup: "group",
    option: "option",
    output: "status",
    p: "paragraph",
    progress: "progressbar",
    search: "search",
    strong: "strong",
    sub: "subscript",
    sup: "superscript",
    svg: "img",
    table: "table",
    tbody: "rowgroup",
    textarea: "textbox",
    tfoot: "rowgroup",
    thead: "rowgroup",
    time: "time",
    tr: "row",
    ul: "list"
  };
  var INPUTS = {
    button: "button",
    checkbox: "checkbox",
    file: "button",
    image: "button",
    number: "spinbutton",
    radio: "radio",
    range: "slider",
    reset: "button",
    submit: "button"
  };
  var SECTIONS = "article:not([role]), aside:not([role]), main:not([role]), nav:not([role]), section:not([role]), [role=article], [role=complementary], [role=main], [role=navigation], [role=region]";
  var GLOBAL_ATTRIBUTES = "atomic braillelabel brailleroledescription busy controls current describedby description details dropeffect flowto grabbed hidden keyshortcuts live owns relevant roledescription";
  var TAKES_PART = {
    dd: ["dl", "div"],
    dt: ["dl", "div"],
    div: ["dl"],
    li: ["ol", "ul"],
    tbody: ["table"],
    tfoot: ["table"],
    thead: ["table"],
    td: ["tr"],
    th: ["tr"],
    tr: ["thead", "tbody", "tfoot", "table"]
  };
  function explicitRole(element) {
    const tokens = (element.getAttribute("role") ?? "").split(/\s+/).map((token) => token.trim());
    return tokens.find((token) => ROLES.has(token)) ?? null;
  }
  function roleOf(element) {
    const explicit = explicitRole(element);
    if (!explicit) return implicitRole(element);
    if (explicit !== "none" && explicit !== "presentation") return explicit;
    const implicit = tagRole(element);
    return resists(element, implicit) ? implicit : explicit;
  }
  function resists(element, role) {
    return hasGlobalAttribute(element, role) || isFocusable(element);
  }
  function hasGlobalAttribute(element, role) {
    if (GLOBAL_ATTRIBUTES.split(" ").some((name) => element.hasAttribute(`aria-${name}`))) return true;
    const unnamed = "caption code deletion emphasis generic insertion paragraph presentation strong subscript superscript";
    if (unnamed.split(" ").includes(role ?? "")) return false;
    return element.hasAttribute("aria-label") || element.hasAttribute("aria-labelledby");
  }
  function isFocusable(element) {
    if (element.matches("button:disabled, input:disabled, select:disabled, textarea:disabled")) return false;
    if (element.matches("button, details, select, textarea, input:not([type=hidden]), a[href], area[href]")) return true;
    const index = element.getAttribute("tabindex");
    return index !== null && !Number.isNaN(Number(index));
  }
  function implicitRole(element) {
    const own = tagRole(element);
    if (!own) return null;
    for (let at = element, above = parentOf(at); above; at = above, above = parentOf(at)) {
      const parts = TAKES_PART[at.localName];
      if (!parts?.includes(above.localName)) break;
      const role = explicitRole(above);
      if ((role === "none" || role === "presentation") && !resists(above, role)) return role;
    }
    return own;
  }
  function tagRole(element) {
    if (element instanceof HTMLInputElement) return inputRole(element);
    switch (element.localName) {
      case "a":
      case "area":
        return element.hasAttribute("href") ? "link" : null;
      case "footer":
        return closest(element, SECTIONS) ? null : "contentinfo";
      case "header":
        return closest(element, SECTIONS) ? null : "banner";
      case "form":
        return hasExplicitName(element) ? "form" : null;
      case "section":
        return hasExplicitName(element) ? "region" : null;
      case "img": {
        const decorative = element.getAttribute("alt") === "" && !element.getAttribute("title");
        return decorative && !resists(element, null) ? "presentation" : "img";
      }
      case "select":
        return element.hasAttribute("multiple") || element.size > 1 ? "listbox" : "combobox";
      case "td":
        return cellRole(element);
      case "th":
        return headerRole(element);
      default:
        return BY_TAG[element.localName] ?? null;
    }
  }
  function inputRole(input) {
    const type = input.type.toLowerCase();
    if (type === "hidden") return null;
    if (["email", "search", "tel", "text", "url", ""].includes(type)) {
      if (input.list) return "combobox";
      return type === "search" ? "searchbox" : "textbox";
    }
    return INPUTS[type] ?? "textbox";
  }
  function cellRole(cell) {
    const table = closest(cell, "table");
    const role = table ? explicitRole(table) : null;
    return role === "grid" || role === "treegrid" ? "gridcell" : "cell";
  }
  function headerRole(header) {
    const scope = header.getAttribute("scope")?.toLowerCase();
    if (scope === "col" || scope === "colgroup") return "columnheader";
    if (scope === "row" || scope === "rowgroup") return "rowheader";
    const beside = [header.previousElementSibling, header.nextElementSibling];
    if (!beside[0] && !beside[1]) {
      const table = closest(header, "table");
      return table && table.rows.length <= 1 ? null : "columnheader";
    }
    return beside.some(isFilledCell) ? "rowheader" : "columnheader";
  }
  function isFilledCell(element) {
    return element?.localName === "td" && (element.children.length > 0 || (element.textContent ?? "").trim() !== "");
  }
  function levelOf(element) {
    const heading = /^h([1-6])$/.exec(element.localName);
    if (heading) return Number(heading[1]);
    if (!["heading", "listitem", "row", "treeitem"].includes(roleOf(element) ?? "")) return 0;
    const level = Number(element.getAttribute("aria-level"));
    return Number.isInteger(level) && level >= 1 ? level : 0;
  }

  // src/aria/native.ts
  function tooltip(element) {
    return element.getAttribute("title") ?? "";
  }
  function nativeName(element, walk, named) {
    if (element instanceof HTMLInputElement) return inputName(element, walk, named);
    switch (element.localName) {
      case "textarea":
      case "select":
      case "output":
      case "meter":
      case "progress": {
        const label = labelText(element, walk, named);
        if (label !== null) return label;
        const placeholder = element.localName === "textarea" ? element.getAttribute("placeholder") ?? "" : "";
        return tooltip(element) || placeholder;
      }
      case "button":
        return labelText(element, walk, named);
      case "fieldset":
        return childName(element, "legend", walk, named) ?? tooltip(element);
      case "figure":
        return childName(element, "figcaption", walk, named) ?? tooltip(element);
      case "table": {
        const caption = childName(element, "caption", walk, named);
        if (caption !== null) return caption;
        return element.getAttribute("summary") || null;
      }
      case "img":
      case "area": {
        const alternative = element.getAttribute("alt") ?? "";
        return alternative.trim() ? alternative : tooltip(element);
      }
      default:
        return svgName(element, walk, named);
    }
  }
  function inputName(input, walk, named) {
    if (["button", "submit", "reset"].includes(input.type)) {
      const label2 = labelText(input, walk, named);
      if (label2 !== null) return label2;
      if (input.value.trim()) return input.value;
      if (input.type === "submit") return "Submit";
      if (input.type === "reset") return "Reset";
      return tooltip(input);
    }
    const label = labelText(input, walk, named);
    if (label !== null) return label;
    if (input.type === "image") {
      const alternative = input.getAttribute("alt") ?? "";
      return alternative.trim() ? alternative : tooltip(input) || "Submit";
    }
    const placeholder = ["text", "password", "number", "search", "tel", "email", "url"].includes(input.type) ? input.getAttribute("placeholder") ?? "" : "";
    return tooltip(input) || placeholder;
  }
  function labelText(element, walk, named) {
    const labels = nativeLabels(element);
    if (labels.length === 0 || walk.place === "reference") return null;
    walk.visited.add(element);
    return labels.map((label) => named(label, walk, "label")).filter((text) => text.trim()).join(" ");
  }
  function childName(element, tag, walk, named) {
    const child = [...element.children].find((other) => other.localName === tag);
    if (!child) return null;
    walk.visited.add(element);
    return named(child, walk, "native");
  }
  function svgName(element, walk, named) {
    if (!(element instanceof SVGElement)) return null;
    const title = [...element.children].find((child) => child.localName === "title");
    if (title && (element.localName === "svg" || element.ownerSVGElement)) {
      walk.visited.add(element);
      return named(title, walk, "native");
    }
    return null;
  }

  // src/aria/name.ts
  var UNNAMED = new Set(
    "caption code definition deletion emphasis generic insertion mark paragraph presentation strong subscript suggestion superscript term time".split(" ")
  );
  var BY_CONTENT = new Set(
    "button cell checkbox columnheader gridcell heading link menuitem menuitemcheckbox menuitemradio option radio row rowheader switch tab tooltip treeitem".split(" ")
  );
  var BY_CONTENT_WITHIN = new Set(
    "caption code contentinfo definition deletion emphasis insertion list listitem mark none paragraph presentation region row rowgroup section strong subscript superscript table term time".split(" ").concat("")
  );
  function accessibleName(element, includeHidden) {
    if (UNNAMED.has(roleOf(element) ?? "")) return "";
    const walk = { visited: /* @__PURE__ */ new Set(), includeHidden, place: "own", hiddenReference: false };
    return tidy(nameOf(element, walk));
  }
  function tidy(text) {
    return text.replace(/[\u200b\u00ad]/g, "").replace(/[\s\u00a0]+/g, " ").trim();
  }
  function nameOf(element, walk) {
    if (walk.visited.has(element)) return "";
    const referring = walk.place === "reference" || walk.place === "label" || walk.place === "native";
    if (!walk.includeHidden && !walk.hiddenReference && !referring && isHiddenForAria(element)) {
      walk.visited.add(element);
      return "";
    }
    if (walk.place !== "reference" && walk.place !== "reference-content") {
      const texts = referenced(element, "aria-labelledby").map((other) => ofReference(other, walk, "reference"));
      const text = texts.join(" ");
      if (tidy(text)) return text;
    }
    const role = roleOf(element) ?? "";
    if (walk.place !== "own") {
      const value = embeddedValue(element, role, walk);
      if (value !== null) return value;
    }
    const label = element.getAttribute("aria-label") ?? "";
    if (label.trim()) {
      walk.visited.add(element);
      return label;
    }
    if (role !== "presentation" && role !== "none") {
      const native = nativeName(element, walk, ofReference);
      if (native !== null) {
        walk.visited.add(element);
        return native;
      }
    }
    const within3 = walk.place !== "own" && (BY_CONTENT_WITHIN.has(role) || walk.place !== "content");
    if (BY_CONTENT.has(role) || within3 || element.localName === "summary") {
      walk.visited.add(element);
      const text = contentOf(element, walk);
      if (tidy(text) || walk.place === "reference") return text;
    }
    if (role !== "presentation" && role !== "none" || element.localName === "iframe") {
      walk.visited.add(element);
      return tooltip(element);
    }
    walk.visited.add(element);
    return "";
  }
  function ofReference(element, walk, place) {
    return nameOf(element, {
      visited: place === "reference" ? new Set(walk.visited) : walk.visited,
      includeHidden: walk.includeHidden,
      place,
      hiddenReference: isHiddenForAria(element)
    });
  }
  function embeddedValue(element, role, walk) {
    const isOwnLabel = walk.place === "label" || walk.place === "reference";
    if (isOwnLabel && nativeLabels(element).length > 0) return null;
    switch (role) {
      case "textbox":
        if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) return element.value;
        return element.textContent ?? "";
      case "combobox":
      case "listbox": {
        if (element instanceof HTMLInputElement) return element.value;
        const options = element instanceof HTMLSelectElement ? [...element.selectedOptions] : [...element.querySelectorAll('[role="option"][aria-selected="true"]')];
        return options.map((option) => nameOf(option, { ...walk, place: "label-content" })).join(" ");
      }
      case "progressbar":
      case "scrollbar":
      case "slider":
      case "spinbutton":
      case "meter":
        return element.getAttribute("aria-valuetext") ?? element.getAttribute("aria-valuenow") ?? element.getAttribute("value") ?? (element instanceof HTMLInputElement ? element.value : "");
      case "menu":
        return "";
      default:
        return null;
    }
  }
  var WITHIN = {
    own: "content",
    content: "content",
    reference: "reference-content",
    "reference-content": "reference-content",
    label: "label-content",
    "label-content": "label-content",
    native: "label-content"
  };
  function contentOf(element, walk) {
    const inner = { ...walk, place: WITHIN[walk.place] };
    const pieces2 = [generated(element, "::before")];
    const visit = (node, slotted2) => {
      if (node instanceof Element) {
        if (!slotted2 && node.assignedSlot) return;
        const text = nameOf(node, inner);
        const display = getComputedStyle(node).display || "inline";
        pieces2.push(display !== "inline" || node.localName === "br" ? ` ${text} ` : text);
      } else if (node instanceof Text && (slotted2 || !node.assignedSlot)) {
        pieces2.push(node.data);
      }
    };
    const slotted = element instanceof HTMLSlotElement ? element.assignedNodes() : [];
    if (slotted.length > 0) {
      for (const child of slotted) visit(child, true);
    } else {
      for (const child of element.childNodes) visit(child, false);
      for (const child of element.shadowRoot?.childNodes ?? []) visit(child, false);
      for (const owned of referenced(element, "aria-owns")) visit(owned, true);
    }
    pieces2.push(generated(element, "::after"));
    return pieces2.join("");
  }
  function generated(element, pseudo) {
    const style = getComputedStyle(element, pseudo);
    const content = style.content;
    if (!content || content === "none" || content === "normal") return "";
    if (style.display === "none" || style.visibility === "hidden") return "";
    const alternative = /\/\s*(["'])(.*?)\1\s*$/.exec(content);
    const text = alternative ? alternative[2] ?? "" : [...content.matchAll(/"((?:[^"\\]|\\.)*)"|attr\(\s*([-\w]+)\s*\)/g)].map((piece) => piece[2] ? element.getAttribute(piece[2]) ?? "" : (piece[1] ?? "").replace(/\\(.)/g, "$1")).join("");
    return style.display === "inline" || !text ? text : ` ${text} `;
  }

  // src/aria/state.ts
  var DISABLEABLE = new Set(
    "application button composite gridcell group input link menuitem scrollbar separator tab checkbox columnheader combobox grid listbox menu menubar menuitemcheckbox menuitemradio option radio radiogroup row rowheader searchbox select slider spinbutton switch tablist textbox toolbar tree treegrid treeitem".split(" ")
  );
  var READABLE = new Set(
    "checkbox combobox grid gridcell listbox radiogroup slider spinbutton textbox columnheader rowheader searchbox switch treegrid".split(" ")
  );
  function isDisabled(element) {
    return isNativelyDisabled(element) || saysDisabled(element);
  }
  function isNativelyDisabled(element) {
    if (!element.matches("button, input, select, textarea, option, optgroup")) return false;
    if (element.hasAttribute("disabled")) return true;
    if (element.localName === "option" && element.closest("optgroup[disabled]")) return true;
    const fieldset = element.closest("fieldset[disabled]");
    if (!fieldset) return false;
    return !fieldset.querySelector(":scope > legend")?.contains(element);
  }
  function saysDisabled(element) {
    if (!DISABLEABLE.has(roleOf(element) ?? "")) return false;
    for (let at = element; at; at = parentOf(at)) {
      const value = (at.getAttribute("aria-disabled") ?? "").toLowerCase();
      if (value === "true") return true;
      if (value === "false") return false;
    }
    return false;
  }
  function isReadOnly(element) {
    if (element.matches("input, textarea, select")) return element.hasAttribute("readonly");
    if (READABLE.has(roleOf(element) ?? "")) return element.getAttribute("aria-readonly") === "true";
    return element instanceof HTMLElement && element.isContentEditable ? false : null;
  }
  function checkedState(element) {
    if (element instanceof HTMLInputElement && (element.type === "checkbox" || element.type === "radio")) {
      if (element.type === "checkbox" && element.indeterminate) return "mixed";
      return element.checked ? "true" : "false";
    }
    const roles = "checkbox menuitemcheckbox option radio switch menuitemradio treeitem";
    const role = roleOf(element) ?? "";
    if (!roles.split(" ").includes(role)) return null;
    const value = element.getAttribute("aria-checked");
    if (value === "mixed" && !["radio", "menuitemradio", "switch"].includes(role)) return "mixed";
    return value === "true" ? "true" : "false";
  }
  function pressedState(element) {
    const value = roleOf(element) === "button" ? element.getAttribute("aria-pressed") : null;
    return value === "true" || value === "mixed" ? value : "false";
  }
  function isSelected(element) {
    if (element instanceof HTMLOptionElement) return element.selected;
    const roles = "gridcell option row tab rowheader columnheader treeitem";
    const has2 = roles.split(" ").includes(roleOf(element) ?? "");
    return has2 && element.getAttribute("aria-selected") === "true";
  }
  function isExpanded(element) {
    if (element instanceof HTMLDetailsElement) return element.open;
    const roles = "application button checkbox combobox gridcell link listbox menuitem row rowheader tab treeitem columnheader menuitemcheckbox menuitemradio switch";
    if (!roles.split(" ").includes(roleOf(element) ?? "")) return null;
    const value = element.getAttribute("aria-expanded");
    return value === null ? null : value === "true";
  }

  // src/chain.ts
  function resolve(parts, from = document) {
    const texts = /* @__PURE__ */ new Map();
    let found = [from];
    for (const part of parts) found = step(part, found, texts);
    return found.filter((element) => element instanceof Element);
  }
  function step(part, scopes, texts) {
    const elements2 = scopes.filter((scope) => scope instanceof Element);
    switch (part.engine) {
      case "nth": {
        const element = elements2.at(part.index);
        return element ? [element] : [];
      }
      case "visible":
        return elements2.filter((element) => isVisible(element) === part.visible);
      case "has-text": {
        const test = wholeTextTest(part.pattern);
        return elements2.filter((element) => textMatch(texts, element, test) !== "none");
      }
      default:
        return [...new Set(scopes.flatMap((scope) => within(part, scope, texts)))];
    }
  }
  function within(part, scope, texts) {
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
  function queryXpath(scope, expression) {
    const relative = expression.startsWith("/") && !(scope instanceof Document) ? `.${expression}` : expression;
    const found = [];
    const results = document.evaluate(relative, scope, null, XPathResult.ORDERED_NODE_ITERATOR_TYPE);
    for (let node = results.iterateNext(); node; node = results.iterateNext()) {
      if (node instanceof Element) found.push(node);
    }
    return found;
  }
  function queryText(scope, pattern, texts) {
    const test = textTest(pattern);
    const candidates2 = scope instanceof Element ? [scope, ...descendants(scope)] : descendants(scope);
    return candidates2.filter((element) => {
      const match = textMatch(texts, element, test);
      return match === "self" || match === "within" && pattern.kind === "exact";
    });
  }
  function labelTexts(element, texts) {
    const referred = referenced(element, "aria-labelledby");
    if (element.hasAttribute("aria-labelledby") && referred.length > 0) {
      return referred.map((label) => textOf(texts, label));
    }
    const own = element.getAttribute("aria-label");
    if (own?.trim()) return [{ full: own, own: [own] }];
    return nativeLabels(element).map((label) => textOf(texts, label));
  }
  function matchesRole(element, query) {
    if (roleOf(element) !== query.role) return false;
    const holds = (wanted, state) => wanted === null || state() === wanted;
    return holds(query.checked, () => checkedState(element) ?? "false") && holds(query.pressed, () => pressedState(element)) && holds(query.selected, () => isSelected(element)) && holds(query.expanded, () => isExpanded(element)) && holds(query.disabled, () => isDisabled(element)) && holds(query.level, () => levelOf(element)) && (query.include_hidden || !isHiddenForAria(element)) && (query.name === null || matchesName(accessibleName(element, query.include_hidden), query.name));
  }
  function matchesName(name, query) {
    if (query.operator === "~") return regex({ source: query.text, flags: query.flags }).test(name);
    const fold2 = (text) => query.any_case ? text.toLowerCase() : text;
    const [own, wanted] = [fold2(name), fold2(collapse(query.text))];
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

  // src/css/text.ts
  function cssText(text) {
    const escaped = text.replace(/[\\"]/g, "\\$&").replace(/[\0-\x1f\x7f]/g, (c) => `\\${c.charCodeAt(0).toString(16)} `);
    return `"${escaped}"`;
  }

  // src/paths.ts
  var Paths = class {
    known = /* @__PURE__ */ new Map();
    places = /* @__PURE__ */ new Map();
    named = /* @__PURE__ */ new Map();
    /** In CSS the top of a shadow root is below its host. */
    of(element) {
      const missing = [];
      let at = element;
      for (; at && !this.known.has(at); at = parentOf(at)) missing.push(at);
      let above = at ? this.known.get(at) : void 0;
      for (const below of missing.reverse()) {
        above = this.below(above, below);
        this.known.set(below, above);
      }
      return above ?? { css: "", exact: false, xpath: null };
    }
    below(above, element) {
      const { index, count } = this.placeOf(element);
      const rivals = this.rivals(element);
      const step2 = CSS.escape(element.localName) + (count > 1 || rivals > 0 ? `:nth-of-type(${index})` : "");
      const css2 = above ? `${above.css} > ${step2}` : step2;
      const exact = (above?.exact ?? true) && rivals < index;
      const reached = above ? above.xpath : "";
      const isInShadow = element.parentNode instanceof ShadowRoot;
      if (reached === null || isInShadow) return { css: css2, exact, xpath: null };
      return { css: css2, exact, xpath: `${reached}/${xpathName(element)}${count > 1 ? `[${index}]` : ""}` };
    }
    placeOf(element) {
      const parent = element.parentNode;
      if (parent) this.count(parent);
      return this.places.get(element) ?? { index: 1, count: 1 };
    }
    /**
     * The most of one kind that a step takes for its own: those of the same name in another vocabulary, and those
     * at the other side of a shadow root, which a path takes for children of the same element.
     */
    rivals(element) {
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
    count(parent) {
      const known = this.named.get(parent);
      if (known) return known;
      const named = /* @__PURE__ */ new Map();
      this.named.set(parent, named);
      for (const child of parent.children) {
        const spaces = named.get(child.localName) ?? /* @__PURE__ */ new Map();
        named.set(child.localName, spaces);
        const shared = spaces.get(child.namespaceURI) ?? { count: 0 };
        spaces.set(child.namespaceURI, shared);
        shared.count += 1;
        const index = shared.count;
        this.places.set(child, { index, get count() {
          return shared.count;
        } });
      }
      return named;
    }
  };
  function alone(path, element) {
    const found = resolve([{ engine: "css", selector: path }]);
    return found.length === 1 ? path : `${path} >> nth=${found.indexOf(element)}`;
  }
  function xpathName(element) {
    const name = element.localName;
    if (element instanceof HTMLElement && /^[a-z][-\w]*$/.test(name)) return name;
    const text = name.includes("'") ? `"${name}"` : `'${name}'`;
    return `*[local-name()=${text} and namespace-uri()='${element.namespaceURI ?? ""}']`;
  }

  // src/describe.ts
  var LONGEST = 60;
  var SHOWN = ["id", "class", "type", "name", "role", "aria-label", "data-testid", "href", "placeholder", "title", "alt"];
  function cut(text) {
    return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
  }
  function markupOf(element) {
    let tag = `<${element.localName}`;
    for (const name of SHOWN) {
      const value = element.getAttribute(name);
      if (value !== null) tag += value ? ` ${name}="${cut(value)}"` : ` ${name}`;
    }
    const texts = /* @__PURE__ */ new Map();
    const text = cut(collapse(textOf(texts, element).full));
    const isEmpty = element.matches("input, img, br, hr, iframe");
    return isEmpty ? `${tag}>` : `${tag}>${text}</${element.localName}>`;
  }
  function locatorOf(element) {
    for (const candidate of candidates(element)) {
      if (isAlone(candidate.parts, element)) return candidate.text;
    }
    return pathOf(element);
  }
  function isAlone(parts, element) {
    const found = resolve(parts);
    return found.length === 1 && found[0] === element;
  }
  function quote(text) {
    return `"${text.replace(/[\\"]/g, "\\$&")}"`;
  }
  function* candidates(element) {
    const testId = element.getAttribute("data-testid");
    if (testId) yield attribute("testid", "data-testid", testId);
    const label = nativeLabels(element)[0];
    if (label) {
      const text2 = collapse(textOf(/* @__PURE__ */ new Map(), label).full);
      if (text2 && text2.length <= LONGEST) {
        yield { text: `label=${quote(text2)}`, parts: [{ engine: "label", pattern: { kind: "exact", text: text2 } }] };
      }
    }
    const role = roleOf(element);
    const name = accessibleName(element, false);
    if (role && name && name.length <= LONGEST) {
      const state = { checked: null, pressed: null, selected: null, expanded: null, disabled: null, level: null };
      const query = { operator: "=", text: name, flags: "", any_case: false };
      yield {
        text: `role=${role}[name=${quote(name)}]`,
        parts: [{ engine: "role", role, name: query, ...state, include_hidden: false }]
      };
    }
    const placeholder = element.getAttribute("placeholder");
    if (placeholder) yield attribute("placeholder", "placeholder", placeholder);
    if (element.id) yield css(`#${CSS.escape(element.id)}`);
    const text = collapse(textOf(/* @__PURE__ */ new Map(), element).full);
    if (text && text.length <= LONGEST) {
      yield { text: `text=${quote(text)}`, parts: [{ engine: "text", pattern: { kind: "exact", text } }] };
    }
    for (const name2 of ["name", "alt", "title", "href", "class"]) {
      const value = element.getAttribute(name2);
      if (value) yield css(`${CSS.escape(element.localName)}[${name2}=${cssText(value)}]`);
    }
  }
  function attribute(engine, name, value) {
    return {
      text: `${engine}=${quote(value)}`,
      parts: [{ engine: "attribute", name, pattern: { kind: "exact", text: value } }]
    };
  }
  function css(selector) {
    return { text: selector, parts: [{ engine: "css", selector }] };
  }
  function pathOf(element) {
    const paths = new Paths();
    const path = paths.of(element).css;
    for (const above of ancestors(element)) {
      if (!above.id) continue;
      const selector = `#${CSS.escape(above.id)}${path.slice(paths.of(above).css.length)}`;
      if (isAlone([{ engine: "css", selector }], element)) return selector;
    }
    return alone(path, element);
  }

  // src/checks.ts
  var CONTROL = "input, textarea, select";
  function controlOf(element) {
    if (element.matches(CONTROL) || isContentEditable(element)) return element;
    const around = closest(element, "button, [role=button], [role=checkbox], [role=radio]");
    if (around) return around;
    const reached = "a, input, textarea, button, select, option, optgroup, [role=link], [role=button], [role=checkbox], [role=radio]";
    if (element.matches(reached)) return element;
    const label = closest(element, "label");
    return label instanceof HTMLLabelElement && label.control ? label.control : element;
  }
  function isContentEditable(element) {
    return element instanceof HTMLElement && element.isContentEditable;
  }
  async function failedCheck(element, checks) {
    if (checks.includes("stable")) {
      const unstable = await movement(element);
      if (unstable) return unstable;
    }
    if (!element.isConnected) return "the element was removed from the page";
    if (checks.includes("visible") && !isVisible(element)) return `${markupOf(element)} is not visible`;
    const control = controlOf(element);
    if (checks.includes("enabled") && isDisabled(control)) return `${markupOf(control)} is disabled`;
    if (checks.includes("editable")) {
      if (isDisabled(control)) return `${markupOf(control)} is disabled`;
      if (isReadOnly(control)) return `${markupOf(control)} is read-only`;
    }
    return null;
  }
  function nextFrame() {
    return new Promise((resolve2) => {
      if (document.visibilityState === "hidden") setTimeout(resolve2, 16);
      else requestAnimationFrame(() => resolve2());
    });
  }
  async function movement(element) {
    await nextFrame();
    const before = boundsOf(element);
    await nextFrame();
    if (!element.isConnected) return "the element was removed from the page";
    const after = boundsOf(element);
    const same = before.x === after.x && before.y === after.y && before.width === after.width && before.height === after.height;
    return same ? null : `${markupOf(element)} is moving`;
  }
  function scrollIntoView(element, tries) {
    const blocks = ["nearest", "end", "center", "start"];
    const block = blocks[tries % blocks.length] ?? "nearest";
    if (tries > 0 || !isInView(element)) element.scrollIntoView({ block, inline: block, behavior: "instant" });
  }
  function isInView(element) {
    const box = boundsOf(element);
    const fits = box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
    if (!fits) return false;
    for (let above = drawnParentOf(element); above; above = drawnParentOf(above)) {
      if (getComputedStyle(above).overflow === "visible") continue;
      const outer = above.getBoundingClientRect();
      const root = above === document.documentElement || above === document.body;
      if (!root && (box.top < outer.top || box.bottom > outer.bottom || box.left < outer.left || box.right > outer.right)) {
        return false;
      }
    }
    return true;
  }
  function pointOf(element, position) {
    if (position) {
      const box = element.getBoundingClientRect();
      return { x: box.x + element.clientLeft + position.x, y: box.y + element.clientTop + position.y };
    }
    for (const box of boxesOf(element)) {
      const left = Math.max(box.left, 0);
      const top = Math.max(box.top, 0);
      const right = Math.min(box.right, innerWidth);
      const bottom = Math.min(box.bottom, innerHeight);
      if ((right - left) * (bottom - top) > 0.99) return { x: (left + right) / 2, y: (top + bottom) / 2 };
    }
    return `${markupOf(element)} is outside of the window and cannot be scrolled into it`;
  }
  function contentsOf(element) {
    if (getComputedStyle(element).display !== "contents") return element;
    const range = document.createRange();
    range.selectNodeContents(element);
    return range;
  }
  function boxesOf(element) {
    return contentsOf(element).getClientRects();
  }
  function boundsOf(element) {
    return contentsOf(element).getBoundingClientRect();
  }
  function blocker(element, point) {
    const target = closest(element, "button, [role=button], a, [role=link]") ?? element;
    const hit = elementAt(point.x, point.y);
    if (!hit) return "nothing is at the point of the action: it is outside of the window";
    let outermost = hit;
    for (let at = hit; at; at = drawnParentOf(at)) {
      if (at === target || at === element) return null;
      if (at instanceof HTMLLabelElement && at.control === controlOf(element)) return null;
      if (!at.contains(target)) outermost = at;
    }
    if (hit.contains(target) || contains(hit, target)) {
      return `${markupOf(hit)}, which contains the element, receives the events`;
    }
    const of = outermost === hit ? "" : ` of ${markupOf(outermost)}`;
    return `${markupOf(hit)}${of} receives the events`;
  }
  function contains(outer, inner) {
    for (let at = inner; at; at = parentOf(at)) if (at === outer) return true;
    return false;
  }

  // src/secrets.ts
  function rootsOf(root) {
    const roots = [root];
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) roots.push(...rootsOf(element.shadowRoot));
    }
    return roots;
  }
  function spansOf(root, texts) {
    const nodes = [];
    let all = "";
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (parent?.matches("script, style, noscript, template, option")) continue;
      nodes.push({ node, start: all.length });
      all += node.data;
    }
    const folded = fold(all);
    const spans = [];
    for (const text of texts.map(fold)) {
      for (let at = folded.indexOf(text); at >= 0; at = folded.indexOf(text, at + 1)) {
        spans.push(...pieces(nodes, at, at + text.length));
      }
    }
    return spans;
  }
  function fold(text) {
    const lower = text.toLowerCase();
    return lower.length === text.length ? lower : text;
  }
  function pieces(nodes, from, to) {
    const spans = [];
    let index = nodes.findIndex(({ start }) => start > from);
    index = (index < 0 ? nodes.length : index) - 1;
    for (; index < nodes.length; index += 1) {
      const entry = nodes[index];
      if (!entry || entry.start >= to) break;
      const { node, start } = entry;
      const [begin, end2] = [Math.max(from - start, 0), Math.min(to - start, node.data.length)];
      const parent = node.parentElement ?? node.getRootNode().host;
      if (begin >= end2 || !parent) continue;
      const range = document.createRange();
      range.setStart(node, begin);
      range.setEnd(node, end2);
      spans.push({ range, parent });
    }
    return spans;
  }

  // src/cover.ts
  var HIGHLIGHT = "covered-text";
  var RULE = `::highlight(${HIGHLIGHT}) { color: #000 !important; background-color: #000 !important; -webkit-text-fill-color: #000 !important; -webkit-text-stroke-color: #000 !important; fill: transparent !important; stroke: transparent !important; text-shadow: none !important; }`;
  var BOX = [
    ["background", "#000"],
    ["filter", "brightness(0)"],
    ["opacity", "1"],
    ["color", "#000"],
    ["-webkit-text-fill-color", "#000"],
    ["text-shadow", "none"]
  ];
  var GONE = [["opacity", "0"]];
  var UNSEEN = [["visibility", "hidden"], ["opacity", "0"]];
  var NAMES = [...new Set([...BOX, ...GONE, ...UNSEEN].map(([name]) => name))];
  var MANY = 2e3;
  var RARELY = 15;
  var covered = /* @__PURE__ */ new Map();
  var sheet = null;
  var secrets = [];
  var requested = [];
  var requestedTexts = [];
  var removing = false;
  var removedTexts = /* @__PURE__ */ new Map();
  var dirty = true;
  var frames = 0;
  var running = null;
  var observed = /* @__PURE__ */ new WeakSet();
  var observer = new MutationObserver(() => {
    dirty = true;
  });
  function cover(chains, texts, removed) {
    requested = chains.flatMap((chain) => resolve(chain));
    requestedTexts = texts;
    removing = removed;
    return apply();
  }
  function uncover() {
    requested = [];
    requestedTexts = [];
    removing = false;
    for (const [node, { before, after }] of removedTexts) if (node.data === after) node.data = before;
    removedTexts.clear();
    for (const element of [...covered.keys()]) restore(element);
    apply();
  }
  function protect(texts) {
    secrets = texts;
    apply();
    look();
    return Date.now();
  }
  function look() {
    if (running === document || secrets.length === 0) return;
    running = document;
    const own = document;
    const frame = () => {
      if (running !== own) return;
      if (secrets.length === 0) {
        running = null;
        return;
      }
      requestAnimationFrame(frame);
      frames += 1;
      if (dirty || frames % RARELY === 0 || document.getElementsByTagName("*").length < MANY) apply();
    };
    requestAnimationFrame(frame);
  }
  function apply() {
    dirty = false;
    const texts = [.../* @__PURE__ */ new Set([...secrets, ...requestedTexts])].filter((text) => text !== "");
    const roots = texts.length > 0 ? rootsOf(document) : [];
    const wanted = new Set(requested);
    const spans = [];
    for (const root of roots) {
      watch(root);
      spans.push(...spansOf(root, texts));
      for (const control of controlsWith(root, texts)) wanted.add(control);
    }
    for (const span of spans) if (!canBeHighlighted(span)) wanted.add(span.parent);
    for (const element of [...covered.keys()]) if (!wanted.has(element)) restore(element);
    for (const element of wanted) hide(element);
    if (removing) for (const span of spans) remove(span.range);
    highlight(spans.filter(canBeHighlighted), roots);
    observer.takeRecords();
    return wanted.size + spans.length;
  }
  function canBeHighlighted(span) {
    return "highlights" in CSS && !(span.parent instanceof SVGElement);
  }
  function controlsWith(root, texts) {
    const folded = texts.map((text) => text.toLowerCase());
    const shows = (value) => {
      const text = value?.toLowerCase();
      return text !== void 0 && folded.some((secret) => text.includes(secret));
    };
    return [...root.querySelectorAll("input, textarea, select, img[alt]")].filter((element) => {
      if (element instanceof HTMLSelectElement) {
        return [...element.options].some((option) => shows(option.value) || shows(option.label));
      }
      if (element instanceof HTMLImageElement) return shows(element.alt);
      const input = element;
      return shows(input.value) || shows(input.placeholder);
    });
  }
  function hide(element) {
    const style = element.style;
    if (!style) return;
    const isDrawing = element instanceof SVGElement && element.localName !== "svg";
    const wanted = removing ? UNSEEN : isDrawing ? GONE : BOX;
    if (!covered.has(element)) {
      const saved = NAMES.map((name) => ({
        name,
        value: style.getPropertyValue(name),
        priority: style.getPropertyPriority(name)
      }));
      covered.set(element, saved);
    }
    for (const [name, value] of wanted) {
      if (style.getPropertyPriority(name) !== "important") style.setProperty(name, value, "important");
    }
  }
  function remove(range) {
    const node = range.startContainer;
    if (!(node instanceof Text)) return;
    const before = removedTexts.get(node)?.before ?? node.data;
    const [from, to] = [range.startOffset, range.endOffset];
    node.replaceData(from, to - from, "█".repeat(to - from));
    removedTexts.set(node, { before, after: node.data });
  }
  function restore(element) {
    const style = element.style;
    for (const { name, value, priority } of covered.get(element) ?? []) {
      if (value) style.setProperty(name, value, priority);
      else style.removeProperty(name);
    }
    covered.delete(element);
    if (element.getAttribute("style") === "") element.removeAttribute("style");
  }
  function highlight(spans, roots) {
    if (!("highlights" in CSS)) return;
    if (spans.length === 0) {
      CSS.highlights.delete(HIGHLIGHT);
      return;
    }
    const own = ownSheet();
    for (const root of roots) {
      if (!root.adoptedStyleSheets.includes(own)) root.adoptedStyleSheets.push(own);
    }
    CSS.highlights.set(HIGHLIGHT, new Highlight(...spans.map((span) => span.range)));
  }
  function ownSheet() {
    if (sheet?.of !== document) {
      sheet = { of: document, sheet: new CSSStyleSheet() };
      sheet.sheet.replaceSync(RULE);
    }
    return sheet.sheet;
  }
  function watch(root) {
    if (observed.has(root)) return;
    observed.add(root);
    observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
    root.addEventListener("input", () => {
      dirty = true;
      if (secrets.length > 0) apply();
    }, { capture: true });
  }

  // src/edit.ts
  var SET = /* @__PURE__ */ new Set(["color", "date", "time", "datetime-local", "month", "range", "week"]);
  var TYPED = /* @__PURE__ */ new Set(["", "email", "number", "password", "search", "tel", "text", "url"]);
  function prepareFill(element, value) {
    const control = controlOf(element);
    if (control instanceof HTMLInputElement) {
      const type = control.type.toLowerCase();
      if (SET.has(type)) return setValue(control, value.trim());
      if (!TYPED.has(type)) return { unfit: `an <input type="${type}"> cannot be filled` };
      if (type === "number" && value && Number.isNaN(Number(value))) {
        return { unfit: `"${value}" cannot be typed into an <input type="number">` };
      }
    } else if (!(control instanceof HTMLTextAreaElement)) {
      if (!(control instanceof HTMLElement && control.isContentEditable)) {
        return { unfit: `${markupOf(control)} is no <input>, <textarea> or [contenteditable] element` };
      }
    }
    selectAll(control);
    return { done: "type" };
  }
  function setValue(input, value) {
    input.focus();
    input.value = value;
    if (input.value !== value && !(input.type === "color" && input.value === value.toLowerCase())) {
      return { unfit: `"${value}" is not a value of an <input type="${input.type}">` };
    }
    announce(input);
    return { done: "set" };
  }
  function announce(element) {
    element.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    element.dispatchEvent(new Event("change", { bubbles: true }));
  }
  function selectAll(control) {
    if (control instanceof HTMLInputElement || control instanceof HTMLTextAreaElement) {
      control.select();
      control.focus();
      return;
    }
    const range = document.createRange();
    range.selectNodeContents(control);
    const selection = getSelection();
    selection?.removeAllRanges();
    selection?.addRange(range);
    control.focus();
  }
  function focus(element) {
    const control = controlOf(element);
    const root = control.getRootNode();
    if (root.activeElement !== control && control instanceof HTMLElement) control.focus();
  }
  function select(element, choices) {
    const control = controlOf(element);
    if (!(control instanceof HTMLSelectElement)) return { unfit: `${markupOf(control)} is no <select> element` };
    if (choices.length > 1 && !control.multiple) return { unfit: "the list takes one option only" };
    const options = [...control.options];
    const chosen = /* @__PURE__ */ new Set();
    for (const choice of choices) {
      const found = options.find((option, index) => isChosen(option, index, choice));
      if (!found) return { wait: `the list has no option ${JSON.stringify(choice)}` };
      if (found.matches(":disabled")) return { wait: `the option ${markupOf(found)} is disabled` };
      chosen.add(found);
    }
    control.focus();
    for (const option of options) option.selected = chosen.has(option);
    announce(control);
    return { selected: options.filter((option) => option.selected).map((option) => option.value) };
  }
  function isChosen(option, index, choice) {
    if (choice.index !== void 0) return choice.index === index;
    if (choice.label !== void 0 && choice.value !== void 0) {
      return option.value === choice.value || collapse(option.label) === collapse(choice.label);
    }
    if (choice.label !== void 0) return collapse(option.label) === collapse(choice.label);
    return option.value === choice.value;
  }
  function fileInput(element) {
    const control = controlOf(element);
    if (control instanceof HTMLInputElement && control.type === "file") return control;
    return `${markupOf(control)} is no <input type="file">`;
  }

  // src/guard.ts
  var EVENTS = ["pointerdown", "mousedown", "pointerup", "mouseup", "click", "dblclick", "auxclick", "contextmenu"];
  var end = null;
  function guard(element) {
    unguard();
    let failed;
    const look2 = (event) => {
      if (!(event instanceof MouseEvent) || !event.isTrusted) return;
      if (failed === void 0) failed = blocker(element, { x: event.clientX, y: event.clientY });
      if (failed === null) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    const own = window;
    for (const type of EVENTS) own.addEventListener(type, look2, { capture: true, passive: false });
    end = () => {
      for (const type of EVENTS) own.removeEventListener(type, look2, { capture: true });
      return failed ?? null;
    };
  }
  function unguard() {
    const failed = end?.() ?? null;
    end = null;
    return failed;
  }

  // src/handles.ts
  var LIMIT = 64;
  var elements = /* @__PURE__ */ new Map();
  var last = 0;
  function remember(element) {
    last += 1;
    elements.set(last, element);
    elements.delete(last - LIMIT);
    return last;
  }
  function recall(id) {
    const element = elements.get(id);
    if (!element) throw new Error("the element is not known any longer");
    return element;
  }

  // src/inventory/masked.ts
  var MASK = "***";
  var READ = 4e3;
  var SKIPPED = "script, style, noscript, template, textarea, select";
  var Masked = class {
    pieces = /* @__PURE__ */ new Map();
    patterns;
    constructor(secrets2) {
      const texts = [...new Set(secrets2.flatMap((secret) => [secret, collapse(secret)]))].filter((text) => text !== "");
      texts.sort((a, b) => b.length - a.length);
      this.patterns = texts.map((text) => new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "gi"));
      for (const root of texts.length > 0 ? rootsOf(document) : []) {
        for (const { range } of spansOf(root, texts)) {
          if (!(range.startContainer instanceof Text)) continue;
          const pieces2 = this.pieces.get(range.startContainer) ?? [];
          pieces2.push([range.startOffset, range.endOffset]);
          this.pieces.set(range.startContainer, pieces2);
        }
      }
    }
    /** A text without the secrets in it, and without halves of characters, which have no JSON form. */
    clean(text) {
      let clean = text;
      for (const pattern of this.patterns) clean = clean.replace(pattern, MASK);
      return clean.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "�");
    }
    /** The text of an element with that of its open shadow roots, in one line; without the values of fields. */
    text(element) {
      let text = "";
      const open2 = [element];
      for (let node = open2.pop(); node && text.length < READ; node = open2.pop()) {
        if (node instanceof Text) {
          text += this.data(node);
          if (text.length >= READ) text = collapse(text);
        } else if (node instanceof Element || node instanceof ShadowRoot) {
          if (node instanceof Element && node !== element && node.matches(SKIPPED)) continue;
          if (node instanceof Element && node.shadowRoot) open2.push(node.shadowRoot);
          for (let child = node.lastChild; child; child = child.previousSibling) open2.push(child);
        }
      }
      return this.clean(collapse(this.clean(text)));
    }
    data(node) {
      const pieces2 = this.pieces.get(node);
      if (!pieces2) return node.data;
      pieces2.sort(([a], [b]) => a - b);
      let text = "";
      let end2 = 0;
      for (const [from, to] of pieces2) {
        if (from >= end2) text += node.data.slice(end2, from) + MASK;
        end2 = Math.max(end2, to);
      }
      return text + node.data.slice(end2);
    }
  };

  // src/inventory/selector.ts
  var NAMED = ["data-component-path", "data-component-id", "name"];
  var LONGEST2 = 300;
  var MOST_SEARCHES = 100;
  var Selectors = class {
    constructor(masked, paths) {
      this.masked = masked;
      this.paths = paths;
      const roots = rootsOf(document);
      for (const name of ["id", ...NAMED]) {
        const counts = /* @__PURE__ */ new Map();
        for (const root of roots) {
          for (const element of root.querySelectorAll(`[${name}]`)) {
            const value = valueOf(element, name);
            counts.set(value, (counts.get(value) ?? 0) + 1);
          }
        }
        this.counts.set(name, counts);
      }
    }
    masked;
    paths;
    /** How many elements have a value of an attribute, in all roots. */
    counts = /* @__PURE__ */ new Map();
    searches = 0;
    /** A locator that matches the element alone; `null` when it would take too long to find one. */
    of(element) {
      for (const name of ["id", ...NAMED]) {
        const value = element.getAttribute(name);
        if (!value || value.length > LONGEST2 || this.counts.get(name)?.get(valueOf(element, name)) !== 1) continue;
        const selector = name === "id" ? `#${CSS.escape(value)}` : `[${name}=${cssText(value)}]`;
        if (this.masked.clean(selector) === selector) return selector;
      }
      const path = this.paths.of(element);
      if (path.exact) return path.css;
      this.searches += 1;
      return this.searches <= MOST_SEARCHES ? alone(path.css, element) : null;
    }
  };
  function valueOf(element, name) {
    const value = element.getAttribute(name) ?? "";
    return name === "id" && document.compatMode === "BackCompat" ? value.toLowerCase() : value;
  }

  // src/inventory/inventory.ts
  var MOST_ELEMENTS = 2e3;
  var MOST_CHARACTERS = 4e6;
  var MOST_MS = 5e3;
  var LONGEST3 = 200;
  var MOST_DATA = 30;
  var ROLES2 = ["button", "link", "menuitem", "tab", "checkbox", "radio", "switch", "slider", "spinbutton", "textbox"];
  var CLASSES = ["ia_button", "ia_dropdown", "ia_toggle"];
  var COMPONENT = [
    "[data-component-path], [data-component-id]",
    ...CLASSES.map((name) => `[class^=${name}], [class*=" ${name}"]`)
  ].join(", ");
  var INTERACTIVE = [
    "button, a, input:not([type=hidden i]), select, textarea, details, summary, [onclick]",
    COMPONENT,
    ...ROLES2.map((role) => `[role~=${role} i]`)
  ].join(", ");
  var INPUTS2 = {
    button: "button",
    submit: "button",
    reset: "button",
    image: "button",
    checkbox: "checkbox",
    radio: "radio",
    range: "slider",
    number: "spinbutton",
    file: "file"
  };
  function inventory(root, types, exclude, secrets2) {
    const excluded = new Set(exclude.flatMap((chain) => resolve(chain)));
    const wanted = new Set(types.map((type) => type.toLowerCase()));
    const masked = new Masked(secrets2);
    const paths = new Paths();
    const selectors = new Selectors(masked, paths);
    const context = { masked, paths, selectors };
    const elements2 = [];
    let total = 0;
    let characters = 0;
    const begun = performance.now();
    for (const element of within2(root, excluded)) {
      if (!element.matches(INTERACTIVE) || !isOf(element, wanted)) continue;
      total += 1;
      const isFull = elements2.length >= MOST_ELEMENTS || characters > MOST_CHARACTERS;
      if (isFull || performance.now() - begun > MOST_MS) continue;
      const item = describe(element, elements2.length, context);
      if (!item) continue;
      characters += JSON.stringify(item).length;
      if (characters <= MOST_CHARACTERS) elements2.push(item);
    }
    return { elements: elements2, total };
  }
  function* within2(root, excluded) {
    const open2 = [];
    const enter = (element) => {
      for (let child = element.lastElementChild; child; child = child.previousElementSibling) open2.push(child);
      const shadow = element.shadowRoot;
      for (let child = shadow?.lastElementChild; child; child = child.previousElementSibling) open2.push(child);
    };
    if (!excluded.has(root)) enter(root);
    for (let element = open2.pop(); element; element = open2.pop()) {
      if (excluded.has(element)) continue;
      yield element;
      enter(element);
    }
  }
  function typeOf(element) {
    const roles = (element.getAttribute("role") ?? "").toLowerCase().split(/\s+/);
    const role = ROLES2.find((role2) => roles.includes(role2));
    if (role) return role;
    if (element instanceof HTMLInputElement) return INPUTS2[element.type] ?? "textbox";
    if (element.localName === "a") return "link";
    if (element.matches("button, select, textarea, details, summary")) return element.localName;
    return element.matches(COMPONENT) ? "component" : element.localName;
  }
  function isOf(element, wanted) {
    if (wanted.size === 0) return true;
    const names = [typeOf(element), element.localName];
    if (element instanceof HTMLInputElement) names.push(element.type);
    return names.some((name) => wanted.has(name.toLowerCase()));
  }
  function describe(element, index, { masked, paths, selectors }) {
    const selector = selectors.of(element);
    if (selector === null) return null;
    const short = (text) => {
      const clean = masked.clean(text);
      return clean.length > LONGEST3 ? masked.clean(clean.slice(0, LONGEST3)) : clean;
    };
    const attribute2 = (name) => {
      const value = element.getAttribute(name);
      return value === null ? null : short(value);
    };
    const data = [...element.attributes].filter(({ name }) => name.startsWith("data-")).slice(0, MOST_DATA);
    const path = paths.of(element);
    const label = labelOf(element, masked);
    const { x, y, width, height } = element.getBoundingClientRect();
    return {
      id: attribute2("id") || null,
      index,
      type: typeOf(element),
      tagName: element.localName,
      className: attribute2("class") ?? "",
      selector,
      cssPath: path.css,
      xpath: path.xpath,
      text: short(textOf2(element, masked)),
      label: label === null ? null : short(label),
      placeholder: attribute2("placeholder"),
      title: attribute2("title"),
      ariaLabel: attribute2("aria-label"),
      position: { x, y, width, height },
      visible: isVisible(element),
      disabled: isDisabled(element),
      readonly: isReadOnly(element) === true,
      componentPath: attribute2("data-component-path"),
      componentId: attribute2("data-component-id"),
      dataAttributes: Object.fromEntries(data.map(({ name, value }) => [short(name), short(value)]))
    };
  }
  function textOf2(element, masked) {
    if (element instanceof HTMLInputElement) return INPUTS2[element.type] === "button" ? element.value : "";
    if (element instanceof HTMLTextAreaElement) return "";
    if (element instanceof HTMLSelectElement) return [...element.selectedOptions].map((option) => option.label).join(", ");
    return masked.text(element);
  }
  function labelOf(element, masked) {
    const referred = referenced(element, "aria-labelledby");
    const labels = referred.length > 0 ? referred : nativeLabels(element);
    return labels.length > 0 ? labels.map((label) => masked.text(label)).join(" ") : null;
  }

  // src/read.ts
  function statesOf(element) {
    const control = controlOf(element);
    const enabled = !isDisabled(control);
    return {
      visible: isVisible(element),
      enabled,
      editable: enabled && isReadOnly(control) === false,
      checked: checkedState(control) === "true"
    };
  }
  function textOfElement(element) {
    if (element.matches("input, textarea")) return element.value;
    const text = element instanceof HTMLElement ? element.innerText : element.textContent ?? "";
    return text.trim();
  }
  function valueOf2(element) {
    const control = controlOf(element);
    if (!control.matches("input, textarea, select")) return { unfit: `a <${control.localName}> has no value` };
    return { value: control.value };
  }
  function describeForAria(element) {
    return { role: roleOf(element), name: accessibleName(element, false) };
  }

  // src/storage.ts
  function readStorage() {
    try {
      const items = Object.keys(localStorage).map((name) => ({ name, value: localStorage.getItem(name) ?? "" }));
      return { origin: location.origin, items };
    } catch {
      return null;
    }
  }
  function fillStorage(items) {
    for (const item of items) localStorage.setItem(item.name, item.value);
  }

  // src/main.ts
  var SHOWN_MATCHES = 10;
  function find(parts) {
    const elements2 = resolve(parts);
    const [first] = elements2;
    if (elements2.length === 1 && first) return { count: 1, id: remember(first), matches: [] };
    const shown = elements2.slice(0, SHOWN_MATCHES);
    const matches = shown.map((element) => ({ markup: markupOf(element), locator: locatorOf(element) }));
    return { count: elements2.length, id: null, matches };
  }
  async function ready(parts, checks, scroll) {
    const found = find(parts);
    if (found.id === null) return { ...found, failed: null, box: null };
    const element = recall(found.id);
    const failed = await failedCheck(element, checks);
    if (scroll && !failed) scrollIntoView(element, 0);
    return { ...found, failed, box: windowBox(element) };
  }
  function windowBox(element) {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x, y, width, height };
  }
  function describeAt(point) {
    const element = elementAt(point.x, point.y);
    return element && { markup: markupOf(element), locator: locatorOf(controlOf(element)) };
  }
  function aim(id, position, tries, hit) {
    const element = recall(id);
    scrollIntoView(element, tries);
    const point = pointOf(element, position);
    if (typeof point === "string") return { point: null, box: null, failed: point };
    return { point, box: windowBox(element), failed: hit ? blocker(element, point) : null };
  }
  function frameBlocker(id, point) {
    return blocker(recall(id), point);
  }
  function frameOrigin(id) {
    const element = recall(id);
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return {
      x: box.x + element.clientLeft + Number.parseFloat(style.paddingLeft),
      y: box.y + element.clientTop + Number.parseFloat(style.paddingTop)
    };
  }
  function boxOf(id) {
    const element = recall(id);
    scrollIntoView(element, 0);
    const box = element.getBoundingClientRect();
    return { x: box.x, y: box.y, width: box.width, height: box.height, scrollX, scrollY };
  }
  var functions = {
    find,
    ready,
    aim,
    describeAt,
    frameBlocker,
    frameOrigin,
    unguard,
    boxOf,
    cover,
    uncover,
    protect,
    readStorage,
    fillStorage,
    count: (parts) => resolve(parts).length,
    all: (parts, attribute2) => resolve(parts).map((element) => element.getAttribute(attribute2)),
    states: (id) => statesOf(recall(id)),
    text: (id) => textOfElement(recall(id)),
    value: (id) => valueOf2(recall(id)),
    attribute: (id, name) => recall(id).getAttribute(name),
    innerHtml: (id) => recall(id).innerHTML,
    aria: (id) => describeForAria(recall(id)),
    inventory: (id, types, exclude, secrets2) => inventory(recall(id), types, exclude, secrets2),
    locator: (id) => locatorOf(recall(id)),
    markup: (id) => markupOf(recall(id)),
    checked: (id) => checkedState(controlOf(recall(id))),
    prepareFill: (id, value) => prepareFill(recall(id), value),
    focus: (id) => focus(recall(id)),
    select: (id, choices) => select(recall(id), choices),
    guard: (id) => guard(recall(id)),
    element: (id) => recall(id),
    fileInput: (id) => {
      const input = fileInput(recall(id));
      return typeof input === "string" ? { unfit: input } : { id: remember(input) };
    }
  };
  function open() {
    return functions;
  }
  return __toCommonJS(main_exports);
})();
