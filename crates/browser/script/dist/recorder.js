"use strict";
var recorder = (() => {
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

  // src/recorder/main.ts
  var main_exports = {};
  __export(main_exports, {
    open: () => open
  });

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
    const box2 = element.getBoundingClientRect();
    return box2.width > 0 && box2.height > 0;
  }
  function isTextVisible(text) {
    const range = document.createRange();
    range.selectNode(text);
    const box2 = range.getBoundingClientRect();
    return box2.width > 0 && box2.height > 0;
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
  function inDocumentOrder(elements) {
    const wanted = new Set(elements);
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
        const label2 = labelText(element, walk, named);
        if (label2 !== null) return label2;
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
      const label3 = labelText(input, walk, named);
      if (label3 !== null) return label3;
      if (input.value.trim()) return input.value;
      if (input.type === "submit") return "Submit";
      if (input.type === "reset") return "Reset";
      return tooltip(input);
    }
    const label2 = labelText(input, walk, named);
    if (label2 !== null) return label2;
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
    return labels.map((label2) => named(label2, walk, "label")).filter((text) => text.trim()).join(" ");
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
    const label2 = element.getAttribute("aria-label") ?? "";
    if (label2.trim()) {
      walk.visited.add(element);
      return label2;
    }
    if (role !== "presentation" && role !== "none") {
      const native = nativeName(element, walk, ofReference);
      if (native !== null) {
        walk.visited.add(element);
        return native;
      }
    }
    const within2 = walk.place !== "own" && (BY_CONTENT_WITHIN.has(role) || walk.place !== "content");
    if (BY_CONTENT.has(role) || within2 || element.localName === "summary") {
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
    const pieces = [generated(element, "::before")];
    const visit = (node, slotted2) => {
      if (node instanceof Element) {
        if (!slotted2 && node.assignedSlot) return;
        const text = nameOf(node, inner);
        const display = getComputedStyle(node).display || "inline";
        pieces.push(display !== "inline" || node.localName === "br" ? ` ${text} ` : text);
      } else if (node instanceof Text && (slotted2 || !node.assignedSlot)) {
        pieces.push(node.data);
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
    pieces.push(generated(element, "::after"));
    return pieces.join("");
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

  // src/text.ts
  function collapse(text) {
    return text.replace(/[\u200b\u00ad]/g, "").trim().replace(/\s+/g, " ");
  }
  function isUnread(node) {
    if (!(node instanceof Element)) return false;
    return node.matches("script, noscript, style") || document.head?.contains(node);
  }
  function textOf(cache, node) {
    const known2 = cache.get(node);
    if (known2) return known2;
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
      return referred.map((label2) => textOf(texts, label2));
    }
    const own = element.getAttribute("aria-label");
    if (own?.trim()) return [{ full: own, own: [own] }];
    return nativeLabels(element).map((label2) => textOf(texts, label2));
  }
  function matchesRole(element, query) {
    if (roleOf(element) !== query.role) return false;
    const holds = (wanted, state) => wanted === null || state() === wanted;
    return holds(query.checked, () => checkedState(element) ?? "false") && holds(query.pressed, () => pressedState(element)) && holds(query.selected, () => isSelected(element)) && holds(query.expanded, () => isExpanded(element)) && holds(query.disabled, () => isDisabled(element)) && holds(query.level, () => levelOf(element)) && (query.include_hidden || !isHiddenForAria(element)) && (query.name === null || matchesName(accessibleName(element, query.include_hidden), query.name));
  }
  function matchesName(name, query) {
    if (query.operator === "~") return regex({ source: query.text, flags: query.flags }).test(name);
    const fold = (text) => query.any_case ? text.toLowerCase() : text;
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

  // src/checks.ts
  var CONTROL = "input, textarea, select";
  function controlOf(element) {
    if (element.matches(CONTROL) || isContentEditable(element)) return element;
    const around = closest(element, "button, [role=button], [role=checkbox], [role=radio]");
    if (around) return around;
    const reached = "a, input, textarea, button, select, option, optgroup, [role=link], [role=button], [role=checkbox], [role=radio]";
    if (element.matches(reached)) return element;
    const label2 = closest(element, "label");
    return label2 instanceof HTMLLabelElement && label2.control ? label2.control : element;
  }
  function isContentEditable(element) {
    return element instanceof HTMLElement && element.isContentEditable;
  }
  function pointOf(element, position) {
    if (position) {
      const box2 = element.getBoundingClientRect();
      return { x: box2.x + element.clientLeft + position.x, y: box2.y + element.clientTop + position.y };
    }
    for (const box2 of boxesOf(element)) {
      const left = Math.max(box2.left, 0);
      const top = Math.max(box2.top, 0);
      const right = Math.min(box2.right, innerWidth);
      const bottom = Math.min(box2.bottom, innerHeight);
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

  // src/recorder/generated.ts
  var NUMBERING = /^(aria|cdk|chakra|downshift|ember|ext|ext-gen|floating-ui|fluent|gwt|headlessui|jquery|mantine|mat|mui|ng|primereact|pv|radix|rc|react|react-aria|react-select|reach|select2|tippy|uid|ui-id|vaadin|yui)\b/i;
  var MARKS = /[:«»]|^_r_/;
  function looksGenerated(value) {
    if (MARKS.test(value)) return true;
    if (NUMBERING.test(value) && /\d/.test(value)) return true;
    return value.split(/[-_.\s]+/).some(isArbitrary);
  }
  function isArbitrary(token) {
    if (/\d{3,}/.test(token)) return true;
    if (/^[0-9a-f]{6,}$/i.test(token) && /\d/.test(token)) return true;
    const turns = token.match(/[a-z](?=\d)|\d(?=[a-z])/gi) ?? [];
    return token.length >= 5 && turns.length >= 2;
  }

  // src/recorder/secrets.ts
  var TOKENS = /* @__PURE__ */ new Set(["current-password", "new-password", "one-time-code"]);
  var SHORTEST = 4;
  var known = /* @__PURE__ */ new Set();
  var members = /* @__PURE__ */ new WeakSet();
  function noteSecretFields(event) {
    const roots = event.composedPath().filter((target) => target instanceof ShadowRoot || target instanceof Document);
    for (const root of roots) for (const field of root.querySelectorAll("input[type=password], [autocomplete]")) isSecret(field);
  }
  function isSecret(element) {
    if (members.has(element)) return true;
    if (!hidesValue(element)) return false;
    members.add(element);
    known.add(new WeakRef(element));
    return true;
  }
  function hidesValue(element) {
    if (element instanceof HTMLInputElement && element.type === "password") return true;
    const tokens = (element.getAttribute("autocomplete") ?? "").toLowerCase().split(/\s+/);
    if (tokens.some((token) => TOKENS.has(token))) return true;
    const shown = getComputedStyle(element).getPropertyValue("-webkit-text-security");
    return shown !== "" && shown !== "none";
  }
  function revealsSecret(text) {
    for (const reference of known) {
      const field = reference.deref();
      if (!field) {
        known.delete(reference);
        continue;
      }
      const value = field.value;
      if (value && value.length >= SHORTEST && text.includes(value)) return true;
    }
    return false;
  }

  // src/recorder/locate.ts
  var LONGEST2 = 60;
  var LONGEST_TITLE = 40;
  var ROWS = "tr, li, article, fieldset, [role=row], [role=listitem], [role=article], [role=group]";
  var MOST_ASKED = 1e5;
  var LEAST_SEARCHES = 4;
  var searches = 0;
  var MOST_ALIKE = 3;
  var MOST_TEXTS = 8;
  function locate(element) {
    searches = Math.max(LEAST_SEARCHES, MOST_ASKED / document.getElementsByTagName("*").length);
    const path = pathOf(element);
    return { locator: bestOf(element) ?? path, path, title: titleOf(element) };
  }
  function bestOf(element) {
    const own = [...candidates(element)].filter((candidate) => !revealsSecret(candidate.text));
    const alike = elementsAlike(element);
    const alone2 = own.find((candidate) => {
      if (alike.some((other) => resolve(candidate.parts, other.parentElement ?? document).includes(other))) return false;
      return isAlone(candidate.parts, element) || isWithinLabel(candidate.parts, element);
    });
    return alone2?.text ?? withinNamed(element, own);
  }
  function elementsAlike(element) {
    const found = [];
    const text = element.textContent;
    for (const other of document.getElementsByTagName(element.localName)) {
      if (other === element || other.textContent !== text) continue;
      found.push(other);
      if (found.length === MOST_ALIKE) break;
    }
    return found;
  }
  function withinNamed(element, own) {
    if (own.length === 0) return null;
    for (const above of ancestors(element)) {
      for (const outer of anchors(above, element)) {
        if (revealsSecret(outer.text) || !isAlone(outer.parts, above)) continue;
        const inner = own.find((candidate) => isAlone([...outer.parts, ...candidate.parts], element));
        if (inner) return `${outer.text} >> ${inner.text}`;
      }
    }
    return null;
  }
  function isAlone(parts, element) {
    searches -= 1;
    return searches >= 0 && isOnly(parts, element);
  }
  function isOnly(parts, element) {
    const found = resolve(parts);
    return found.length === 1 && found[0] === element;
  }
  function isWithinLabel(parts, element) {
    if (!(element instanceof HTMLLabelElement) || !element.control) return false;
    const [found, ...more] = resolve(parts);
    if (!found || more.length > 0) return false;
    return element.contains(found) && controlOf(found) === element.control;
  }
  function quote(text) {
    return `"${text.replace(/[\\"]/g, "\\$&")}"`;
  }
  function isUsable(text) {
    return text !== "" && text.length <= LONGEST2;
  }
  function isEdited(element) {
    return element instanceof HTMLElement && element.isContentEditable;
  }
  function* candidates(element) {
    yield* byRole(element);
    yield* byLabel(element);
    yield* byTestId(element);
    const placeholder = element.getAttribute("placeholder");
    if (placeholder && isUsable(placeholder)) yield attribute("placeholder", "placeholder", placeholder);
    const text = ownText(element);
    if (text) yield { text: `text=${quote(text)}`, parts: [{ engine: "text", pattern: { kind: "exact", text } }] };
    yield* byId(element);
    const name = element.getAttribute("name");
    if (name && !looksGenerated(name)) yield css(`[name=${quoteCss(name)}]`);
    const labelled = element instanceof HTMLLabelElement ? element.htmlFor : "";
    if (labelled && !looksGenerated(labelled)) yield css(`label[for=${quoteCss(labelled)}]`);
  }
  function* anchors(element, inner) {
    yield* byTestId(element);
    yield* byId(element);
    if (element.matches(ROWS)) yield* byTextWithin(element, inner);
    const isRegion = ["dialog", "alertdialog", "form", "group", "region", "navigation"].includes(roleOf(element) ?? "");
    if (isRegion) yield* byRole(element);
  }
  function* byTextWithin(row, inner) {
    const texts = /* @__PURE__ */ new Map();
    const others = descendants(row).filter((other) => !inner.contains(other) && !other.contains(inner));
    const said = /* @__PURE__ */ new Map();
    for (const other of [row, ...others]) {
      if (isEdited(other)) continue;
      for (const run of textOf(texts, other).own.map(collapse)) {
        const isName = isUsable(run) && new RegExp("\\p{L}|\\p{N}", "u").test(run);
        if (isName && !said.has(run) && said.size < MOST_TEXTS) said.set(run, other === row ? "" : other.localName);
      }
    }
    const own = row.localName;
    for (const text of said.keys()) {
      if (!isSaidElsewhere(row, text, false)) yield css(`${own}:has-text(${quoteCss(text)})`);
    }
    for (const [text, tag] of said) {
      if (isSaidElsewhere(row, text, true)) continue;
      const exact = `:text-is(${quoteCss(text)})`;
      yield css(tag ? `${own}:has(${tag}${exact})` : `${own}${exact}`);
    }
  }
  function isSaidElsewhere(row, text, exactly) {
    const folded = text.toLowerCase();
    const isExact = (element) => collapse(element.textContent ?? "") === text;
    for (const other of document.getElementsByTagName(row.localName)) {
      if (other.contains(row) || row.contains(other)) continue;
      if (!collapse(other.textContent ?? "").toLowerCase().includes(folded)) continue;
      if (!exactly || isExact(other) || [...other.querySelectorAll("*")].some(isExact)) return true;
    }
    return false;
  }
  function* byRole(element) {
    const role = roleOf(element);
    if (!role || role === "none" || role === "presentation") return;
    const name = accessibleName(element, false);
    if (!isUsable(name)) return;
    const state = { checked: null, pressed: null, selected: null, expanded: null, disabled: null, level: null };
    const query = { operator: "=", text: name, flags: "", any_case: false };
    yield {
      text: `role=${role}[name=${quote(name)}]`,
      parts: [{ engine: "role", role, name: query, ...state, include_hidden: false }]
    };
  }
  function* byLabel(element) {
    const own = element.getAttribute("aria-label");
    for (const text of [own ?? "", ...nativeLabels(element).map(textOfLabel)].map(collapse)) {
      if (!isUsable(text)) continue;
      yield { text: `label=${quote(text)}`, parts: [{ engine: "label", pattern: { kind: "exact", text } }] };
    }
  }
  function textOfLabel(label2) {
    return textOf(/* @__PURE__ */ new Map(), label2).full;
  }
  function* byTestId(element) {
    const testId = element.getAttribute("data-testid");
    if (testId) yield attribute("data-testid", "data-testid", testId);
  }
  function* byId(element) {
    if (element.id && !looksGenerated(element.id)) yield css(`#${CSS.escape(element.id)}`);
  }
  function ownText(element) {
    if (isEdited(element) || element.matches("input, textarea, select, html, body")) return "";
    const texts = /* @__PURE__ */ new Map();
    const text = collapse(textOf(texts, element).full);
    return isUsable(text) ? text : "";
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
  function quoteCss(text) {
    return `"${text.replace(/[\\"]/g, "\\$&").replace(/[\n\r\f]/g, (c) => `\\${c.charCodeAt(0).toString(16)} `)}"`;
  }
  function pathOf(element) {
    let path = stepOf(element);
    for (const above of ancestors(element)) {
      const testId = above.getAttribute("data-testid");
      const named = testId ? `[data-testid=${quoteCss(testId)}]` : byId(above).next().value?.text;
      if (named && isOnly(css(`${named} > ${path}`).parts, element)) return `${named} > ${path}`;
      path = `${stepOf(above)} > ${path}`;
    }
    const found = resolve(css(path).parts);
    if (found.length <= 1) return path;
    return `${path} >> nth=${found.indexOf(element)}`;
  }
  function stepOf(element) {
    const tag = CSS.escape(element.localName);
    const siblings = [...element.parentNode?.children ?? []].filter((other) => other.localName === element.localName);
    return siblings.length > 1 ? `${tag}:nth-of-type(${siblings.indexOf(element) + 1})` : tag;
  }
  function frameSelector(element) {
    const selectors = [...byId(element)].map((candidate) => candidate.text);
    for (const name of ["data-testid", "name", "title", "src"]) {
      const value = element.getAttribute(name);
      if (value && !looksGenerated(value) && isUsable(value)) {
        selectors.push(`${element.localName}[${name}=${quoteCss(value)}]`);
      }
    }
    const alone2 = selectors.find((selector) => isOnly(css(selector).parts, element));
    return alone2 ?? pathOf(element).replace(/ >> nth=\d+$/, "");
  }
  function titleOf(element) {
    const names = [
      accessibleName(element, false),
      ...nativeLabels(element).map(textOfLabel),
      element.getAttribute("placeholder") ?? "",
      ownText(element),
      element.getAttribute("name") ?? "",
      element.id,
      element.getAttribute("data-testid") ?? ""
    ];
    const named = names.map(collapse).find((name) => name && !revealsSecret(name));
    const title = named ?? parentOf(element)?.localName ?? element.localName;
    return title.slice(0, LONGEST_TITLE).trim();
  }

  // src/recorder/messages.ts
  function send(message) {
    globalThis.playhouseRecord?.(JSON.stringify(message));
  }

  // src/recorder/target.ts
  var INTERACTIVE = "button, a[href], area[href], input, select, textarea, summary, option, label, [role=button], [role=link], [role=menuitem], [role=menuitemcheckbox], [role=menuitemradio], [role=tab], [role=option], [role=checkbox], [role=radio], [role=switch], [role=treeitem], [role=combobox], [role=textbox], [role=searchbox]";
  var NOT_TYPED = /* @__PURE__ */ new Set(["button", "checkbox", "file", "hidden", "image", "radio", "reset", "submit"]);
  function innermost(event) {
    const [first] = event.composedPath();
    return first instanceof Element ? first : null;
  }
  function clickTarget(event) {
    const inner = innermost(event);
    if (!inner || inner === document.documentElement || inner === document.body) return null;
    const host = editingHost(inner);
    if (host) return host;
    for (const target of event.composedPath()) {
      if (!(target instanceof Element) || target === document.body) break;
      if (target instanceof HTMLLabelElement && !target.control) continue;
      if (target.matches(INTERACTIVE)) return target;
    }
    return inner instanceof SVGElement ? outermostSvg(inner) : inner;
  }
  function outermostSvg(element) {
    let found = element;
    while (found.ownerSVGElement) found = found.ownerSVGElement;
    return found;
  }
  function focused() {
    let found = document.activeElement;
    while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
    return found;
  }
  function editingHost(element) {
    if (!(element instanceof HTMLElement) || !element.isContentEditable) return null;
    let host = element;
    while (host.parentElement?.isContentEditable) host = host.parentElement;
    return host;
  }
  function fieldOf(element) {
    if (!element) return null;
    if (element instanceof HTMLTextAreaElement) return element;
    if (element instanceof HTMLInputElement) return NOT_TYPED.has(element.type) ? null : element;
    return editingHost(element);
  }
  function isMultiline(field) {
    return !(field instanceof HTMLInputElement);
  }
  function isBox(element) {
    return element instanceof HTMLInputElement && (element.type === "checkbox" || element.type === "radio");
  }
  function boxOrLabel(box2, clicked) {
    if (isVisible(box2)) {
      const point = pointOf(box2, null);
      if (typeof point === "string" || blocker(box2, point) === null) return box2;
    }
    return clicked ?? [...box2.labels ?? []].find(isVisible) ?? box2;
  }

  // src/recorder/drags.ts
  var SHORTEST2 = 12;
  var pressed = null;
  var dragged = null;
  var isDrag = false;
  function placeIn(element, event) {
    const box2 = element.getBoundingClientRect();
    return { x: Math.round(event.clientX - box2.x), y: Math.round(event.clientY - box2.y) };
  }
  function wasDragged() {
    return isDrag;
  }
  function onDragPointerDown(event) {
    if (!event.isTrusted) return;
    isDrag = false;
    const element = innermost(event);
    const takes = event.button === 0 && event.isPrimary && element && isTaken(element);
    pressed = takes ? taken(element, event) : null;
  }
  function isTaken(element) {
    if (element === document.documentElement || element === document.body) return false;
    return !fieldOf(element) && !(element instanceof HTMLSelectElement) && !(element instanceof HTMLOptionElement);
  }
  function taken(element, event) {
    const [x, y] = [event.clientX, event.clientY];
    return { element, located: locate(element), position: placeIn(element, event), box: element.getBoundingClientRect(), x, y };
  }
  function onDragPointerUp(event) {
    const start = pressed;
    pressed = null;
    if (!event.isTrusted || event.button !== 0 || !start) return;
    if (Math.hypot(event.clientX - start.x, event.clientY - start.y) < SHORTEST2) return;
    if (isClicked(start, event)) return;
    isDrag = true;
    if (!(document.getSelection()?.isCollapsed ?? true)) return;
    const [target] = below(start.element, event);
    if (target) drop(start, target, event);
  }
  function isClicked(start, event) {
    if (start.element instanceof HTMLCanvasElement) return false;
    const box2 = start.element.getBoundingClientRect();
    const stays = box2.x === start.box.x && box2.y === start.box.y;
    return stays && document.elementsFromPoint(event.clientX, event.clientY).includes(start.element);
  }
  function below(element, event) {
    const found = document.elementsFromPoint(event.clientX, event.clientY);
    const others = found.filter((other) => !element.contains(other));
    return element instanceof HTMLCanvasElement && found.includes(element) ? [element] : others;
  }
  function onDragStart(event) {
    const element = event.target;
    if (!event.isTrusted || !(element instanceof Element)) return;
    dragged = pressed && element.contains(pressed.element) ? { ...pressed, element, located: locate(element) } : taken(element, event);
    if (pressed) dragged.position = { x: pressed.x - element.getBoundingClientRect().x, y: pressed.y - element.getBoundingClientRect().y };
    pressed = null;
  }
  function onDrop(event) {
    const start = dragged;
    dragged = null;
    const target = innermost(event);
    if (event.isTrusted && start && target) drop(start, target, event);
  }
  function drop(start, target, event) {
    send({
      kind: "drag",
      element: start.located,
      position: start.position,
      target: locate(target),
      target_position: placeIn(target, event)
    });
  }

  // src/recorder/pointer.ts
  var pressed2 = null;
  var last = null;
  var label = null;
  var box = null;
  function onPointerDown(event) {
    if (!event.isTrusted || event.button !== 0 || !event.isPrimary) return;
    noteSecretFields(event);
    const element = clickTarget(event);
    pressed2 = element && !isFilling(element) ? { element, located: locate(element) } : null;
    const control = element instanceof HTMLLabelElement ? element.control : null;
    if (control) last = { element: new WeakRef(control), located: locate(control) };
    else if (pressed2) last = { element: new WeakRef(pressed2.element), located: pressed2.located };
  }
  function locatedWhenPressed(element) {
    return last?.element.deref() === element ? last.located : null;
  }
  function forgetPressed(element) {
    if (last?.element.deref() === element) last = null;
  }
  function onPointerUp(event) {
    if (!event.isTrusted || event.button !== 0) return;
    const before = pressed2;
    setTimeout(() => {
      if (before && pressed2 === before && isGone(before.element)) send({ kind: "click", element: before.located });
      if (pressed2 === before) pressed2 = null;
    }, 0);
  }
  function isGone(element) {
    return !element.isConnected || !isVisible(element);
  }
  function onClick(event) {
    if (!event.isTrusted || event.button !== 0) return;
    const before = pressed2;
    pressed2 = null;
    const element = clickTarget(event);
    if (!element) {
      if (before && isGone(before.element)) send({ kind: "click", element: before.located });
      return;
    }
    if (isBox(element)) {
      const shown = boxOrLabel(element, label?.control === element ? label.element : null);
      const known2 = shown === element ? locatedWhenPressed(element) : null;
      box = { element, located: known2 ?? locate(shown) };
      forgetPressed(element);
    } else if (element instanceof HTMLLabelElement && element.control) {
      clickLabel(event, element, element.control);
    } else if (!isLeftToInput(element) && !isFilling(element)) {
      clickElement(event, element, before);
    }
  }
  function isLeftToInput(element) {
    if (element instanceof HTMLInputElement && element.type === "file") return true;
    return element instanceof HTMLSelectElement || element instanceof HTMLOptionElement;
  }
  function clickLabel(event, element, control) {
    const own = { element, control, located: locate(element) };
    label = own;
    setTimeout(() => {
      if (label === own && event.defaultPrevented) send({ kind: "click", element: own.located });
      if (label === own) label = null;
    }, 0);
  }
  function clickElement(event, element, before) {
    if (label?.control === element) {
      label = null;
      send({ kind: "click", element: locatedWhenPressed(element) ?? locate(element) });
      return;
    }
    if (event.detail === 0) {
      if (focused() === element) send({ kind: "click", element: locate(element) });
      return;
    }
    const isSame = before?.element === element;
    const isDragged = before && !isSame && !isGone(before.element);
    if (isDragged || wasDragged()) return;
    const located = before ? before.located : locate(element);
    if (element instanceof HTMLCanvasElement) send({ kind: "click", element: located, position: placeIn(element, event) });
    else send({ kind: "click", element: located });
  }
  function onContextMenu(event) {
    if (!event.isTrusted || event.button !== 2) return;
    const element = clickTarget(event);
    if (!element) return;
    const position = element instanceof HTMLCanvasElement ? placeIn(element, event) : void 0;
    send({ kind: "click", element: locate(element), right: true, ...position && { position } });
  }
  function takeClickedBox(element) {
    const located = box?.element === element ? box.located : null;
    box = null;
    return located;
  }

  // src/recorder/fields.ts
  var filling = null;
  function isFilling(element) {
    return filling?.element === element;
  }
  function locateField(element) {
    return filling?.element === element ? filling.located : locate(element);
  }
  function onInput(event) {
    const element = innermost(event);
    if (!event.isTrusted || !element) return;
    if (isBox(element)) {
      const located = takeClickedBox(element);
      if (located) send({ kind: "check", element: located, checked: element.checked });
    } else if (element instanceof HTMLSelectElement) {
      send({ kind: "select", element: locate(element), options: chosenIn(element) });
    } else if (element instanceof HTMLInputElement && element.type === "file") {
      const files = [...element.files ?? []].map((file) => file.name);
      send({ kind: "upload", element: locate(element), files });
    } else {
      const field = fieldOf(element);
      if (field) fill(field);
    }
  }
  function fill(element) {
    if (filling?.element !== element) {
      filling = { element, located: locatedWhenPressed(element) ?? locate(element) };
    }
    const secret = isSecret(element);
    const value = secret ? "" : valueOf(element);
    send({ kind: "fill", element: filling.located, value, secret });
  }
  function valueOf(element) {
    if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) return element.value;
    return element.innerText;
  }
  function chosenIn(list) {
    const options = [...list.options];
    return [...list.selectedOptions].map((option) => {
      const text = collapse(option.label);
      const first = options.find((other) => other.value === text || collapse(other.label) === text);
      return text && first === option ? text : option.value;
    });
  }
  function onFocusOut(event) {
    const field = fieldOf(innermost(event));
    if (!field) return;
    if (isFilling(field)) send({ kind: "settle" });
    leave(field);
  }
  function leave(field) {
    if (isFilling(field)) filling = null;
    forgetPressed(field);
  }

  // src/recorder/keys.ts
  var HANDLED = /^(Tab|Arrow(Up|Down|Left|Right)|Home|End|PageUp|PageDown|Insert|Delete|F\d{1,2}|ContextMenu)$/;
  var OWN_CHORDS = /^((Control|Meta)\+(Shift\+)?([ACDFLNOPRSTVWXYZ0+=-]|Arrow\w+|Backspace|Delete|Home|End|Tab)|Alt\+\w+)$/;
  var MODIFIERS = /* @__PURE__ */ new Set(["Alt", "AltGraph", "Control", "Meta", "Shift", "CapsLock", "Dead", "Process", "Unidentified"]);
  var ACTIVATED = "button, a[href], area[href], summary, select, input[type=button], input[type=submit], input[type=reset], input[type=image]";
  var enter = null;
  function onKeyDown(event) {
    if (!event.isTrusted || event.isComposing || MODIFIERS.has(event.key)) return;
    if (event.repeat && !HANDLED.test(event.key)) return;
    noteSecretFields(event);
    const element = innermost(event) ?? focused();
    const field = fieldOf(element);
    const chord = chordOf(event);
    enter = null;
    if (chord === "Enter") {
      pressEnter(event, element, field);
    } else if (chord === "Escape") {
      press(chord, field);
    } else if (isChord(event)) {
      if (OWN_CHORDS.test(chord)) pressIfHandled(event, chord, field);
      else press(chord, field);
    } else if (HANDLED.test(event.key)) {
      pressIfHandled(event, chord, reachable(element));
    } else if (event.key === " " && element && !field && !element.matches(ACTIVATED) && !isBox(element)) {
      pressIfHandled(event, "Space", reachable(element));
    }
  }
  function pressEnter(event, element, field) {
    if (field && isMultiline(field)) {
      const located = locateField(field);
      enter = located;
      setTimeout(() => {
        if (event.defaultPrevented && enter === located) sendEnter();
      }, 0);
    } else if (field || element && isBox(element)) {
      press("Enter", field ?? element);
      if (field) leave(field);
    } else if (element && !element.matches(ACTIVATED)) {
      pressIfHandled(event, "Enter", reachable(element));
    }
  }
  function onBeforeInput(event) {
    if (event.isTrusted && /^insert(LineBreak|Paragraph)$/.test(event.inputType)) enter = null;
  }
  function onKeyUp(event) {
    if (event.isTrusted && event.key === "Enter") sendEnter();
  }
  function sendEnter() {
    if (enter) send({ kind: "press", key: "Enter", element: enter });
    enter = null;
  }
  function press(key, element) {
    send({ kind: "press", key, element: element && locateField(element) });
  }
  function pressIfHandled(event, key, element) {
    const located = element && (fieldOf(element) ? locateField(element) : locate(element));
    setTimeout(() => {
      if (event.defaultPrevented) send({ kind: "press", key, element: located });
    }, 0);
  }
  function reachable(element) {
    return element === document.body || element === document.documentElement ? null : element;
  }
  function isChord(event) {
    if (event.getModifierState("AltGraph")) return false;
    return event.ctrlKey || event.metaKey || event.altKey;
  }
  function chordOf(event) {
    const held = [event.ctrlKey && "Control", event.altKey && "Alt", event.shiftKey && "Shift", event.metaKey && "Meta"];
    return [...held.filter((name) => name !== false), keyOf(event)].join("+");
  }
  function keyOf(event) {
    if (event.key === " ") return "Space";
    if (event.key.length > 1 || /^[a-z0-9]$/i.test(event.key)) {
      return event.key.length > 1 ? event.key : event.key.toUpperCase();
    }
    return /^(?:Key|Digit)(.)$/.exec(event.code)?.[1] ?? event.key;
  }

  // src/recorder/main.ts
  function watch() {
    const first = { capture: true, passive: true };
    window.addEventListener("pointerdown", onPointerDown, first);
    window.addEventListener("pointerup", onPointerUp, first);
    window.addEventListener("click", onClick, first);
    window.addEventListener("contextmenu", onContextMenu, first);
    window.addEventListener("pointerdown", onDragPointerDown, first);
    window.addEventListener("pointerup", onDragPointerUp, first);
    window.addEventListener("dragstart", onDragStart, first);
    window.addEventListener("drop", onDrop, first);
    window.addEventListener("input", onInput, first);
    window.addEventListener("focusout", onFocusOut, first);
    window.addEventListener("keydown", onKeyDown, first);
    window.addEventListener("keyup", onKeyUp, first);
    window.addEventListener("beforeinput", onBeforeInput, first);
    send({ kind: "ready" });
  }
  function open() {
    return { watch, frameSelector };
  }
  return __toCommonJS(main_exports);
})();
