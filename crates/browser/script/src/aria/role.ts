// The role of an element: what its author wrote, else what its tag means (HTML-AAM).

import { closest, parentOf } from "../tree";
import { hasExplicitName } from "./label";

const ROLES = new Set(
  (
    "alert alertdialog application article banner blockquote button caption cell checkbox code columnheader combobox " +
    "complementary contentinfo definition deletion dialog directory document emphasis feed figure form generic grid " +
    "gridcell group heading img insertion link list listbox listitem log main mark marquee math menu menubar menuitem " +
    "menuitemcheckbox menuitemradio meter navigation none note option paragraph presentation progressbar radio " +
    "radiogroup region row rowgroup rowheader scrollbar search searchbox separator slider spinbutton status strong " +
    "subscript superscript switch tab table tablist tabpanel term textbox time timer toolbar tooltip tree treegrid " +
    "treeitem"
  ).split(" "),
);

/** Tags that always have one role. */
const BY_TAG: Record<string, string> = {
  article: "article", aside: "complementary", blockquote: "blockquote", button: "button", caption: "caption",
  code: "code", datalist: "listbox", dd: "definition", del: "deletion", details: "group", dfn: "term",
  dialog: "dialog", dt: "term", em: "emphasis", fieldset: "group", figure: "figure", h1: "heading", h2: "heading",
  h3: "heading", h4: "heading", h5: "heading", h6: "heading", hr: "separator", html: "document", ins: "insertion",
  li: "listitem", main: "main", mark: "mark", math: "math", menu: "list", meter: "meter", nav: "navigation",
  ol: "list", optgroup: "group", option: "option", output: "status", p: "paragraph", progress: "progressbar",
  search: "search", strong: "strong", sub: "subscript", sup: "superscript", svg: "img", table: "table",
  tbody: "rowgroup", textarea: "textbox", tfoot: "rowgroup", thead: "rowgroup", time: "time", tr: "row", ul: "list",
};

const INPUTS: Record<string, string> = {
  button: "button", checkbox: "checkbox", file: "button", image: "button", number: "spinbutton", radio: "radio",
  range: "slider", reset: "button", submit: "button",
};

/** A header or footer in one of these belongs to it, not to the page. */
const SECTIONS =
  "article:not([role]), aside:not([role]), main:not([role]), nav:not([role]), section:not([role]), " +
  "[role=article], [role=complementary], [role=main], [role=navigation], [role=region]";

/** What every element may have, and what shows that an element matters although it is called presentational. */
const GLOBAL_ATTRIBUTES =
  "atomic braillelabel brailleroledescription busy controls current describedby description details dropeffect flowto " +
  "grabbed hidden keyshortcuts live owns relevant roledescription";

/** Elements whose meaning goes with that of the element above. */
const TAKES_PART: Record<string, string[]> = {
  dd: ["dl", "div"], dt: ["dl", "div"], div: ["dl"], li: ["ol", "ul"], tbody: ["table"], tfoot: ["table"],
  thead: ["table"], td: ["tr"], th: ["tr"], tr: ["thead", "tbody", "tfoot", "table"],
};

export function explicitRole(element: Element): string | null {
  const tokens = (element.getAttribute("role") ?? "").split(/\s+/).map((token) => token.trim());
  return tokens.find((token) => ROLES.has(token)) ?? null;
}

export function roleOf(element: Element): string | null {
  const explicit = explicitRole(element);
  if (!explicit) return implicitRole(element);
  if (explicit !== "none" && explicit !== "presentation") return explicit;
  const implicit = tagRole(element);
  return resists(element, implicit) ? implicit : explicit;
}

/** An element that a person can reach, or that says more of itself, is not presentational. */
function resists(element: Element, role: string | null): boolean {
  return hasGlobalAttribute(element, role) || isFocusable(element);
}

function hasGlobalAttribute(element: Element, role: string | null): boolean {
  if (GLOBAL_ATTRIBUTES.split(" ").some((name) => element.hasAttribute(`aria-${name}`))) return true;
  const unnamed = "caption code deletion emphasis generic insertion paragraph presentation strong subscript superscript";
  if (unnamed.split(" ").includes(role ?? "")) return false;
  return element.hasAttribute("aria-label") || element.hasAttribute("aria-labelledby");
}

function isFocusable(element: Element): boolean {
  if (element.matches("button:disabled, input:disabled, select:disabled, textarea:disabled")) return false;
  if (element.matches("button, details, select, textarea, input:not([type=hidden]), a[href], area[href]")) return true;
  const index = element.getAttribute("tabindex");
  return index !== null && !Number.isNaN(Number(index));
}

function implicitRole(element: Element): string | null {
  const own = tagRole(element);
  if (!own) return null;
  // A list without meaning has items without meaning.
  for (let at = element, above = parentOf(at); above; at = above, above = parentOf(at)) {
    const parts = TAKES_PART[at.localName];
    if (!parts?.includes(above.localName)) break;
    const role = explicitRole(above);
    if ((role === "none" || role === "presentation") && !resists(above, role)) return role;
  }
  return own;
}

function tagRole(element: Element): string | null {
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
      return element.hasAttribute("multiple") || (element as HTMLSelectElement).size > 1 ? "listbox" : "combobox";
    case "td":
      return cellRole(element);
    case "th":
      return headerRole(element);
    default:
      return BY_TAG[element.localName] ?? null;
  }
}

function inputRole(input: HTMLInputElement): string | null {
  const type = input.type.toLowerCase();
  if (type === "hidden") return null;
  if (["email", "search", "tel", "text", "url", ""].includes(type)) {
    if (input.list) return "combobox";
    return type === "search" ? "searchbox" : "textbox";
  }
  return INPUTS[type] ?? "textbox";
}

function cellRole(cell: Element): string {
  const table = closest(cell, "table");
  const role = table ? explicitRole(table) : null;
  return role === "grid" || role === "treegrid" ? "gridcell" : "cell";
}

/** A header that does not say what it heads is known by what stands beside it. */
function headerRole(header: Element): string | null {
  const scope = header.getAttribute("scope")?.toLowerCase();
  if (scope === "col" || scope === "colgroup") return "columnheader";
  if (scope === "row" || scope === "rowgroup") return "rowheader";
  const beside = [header.previousElementSibling, header.nextElementSibling];
  if (!beside[0] && !beside[1]) {
    const table = closest(header, "table") as HTMLTableElement | null;
    return table && table.rows.length <= 1 ? null : "columnheader";
  }
  return beside.some(isFilledCell) ? "rowheader" : "columnheader";
}

function isFilledCell(element: Element | null): boolean {
  return element?.localName === "td" && (element.children.length > 0 || (element.textContent ?? "").trim() !== "");
}

/** From 1 on, or 0 without a level. */
export function levelOf(element: Element): number {
  const heading = /^h([1-6])$/.exec(element.localName);
  if (heading) return Number(heading[1]);
  if (!["heading", "listitem", "row", "treeitem"].includes(roleOf(element) ?? "")) return 0;
  const level = Number(element.getAttribute("aria-level"));
  return Number.isInteger(level) && level >= 1 ? level : 0;
}
