// Asks Playwright which elements each locator matches on each page, and what they are like.
//
// Input, by standard input: {url, program, pairs: [[page, locator]]}. Output: one JSON answer a pair, in order.
import { chromium } from "playwright-core";

const SHOWN = 4;
const TRIAL_MS = 250;

/** The locator's text in calls of Playwright's documented interface. */
function translate(page, text) {
  let at = page;
  for (const part of text.split(" >> ")) at = step(at, part);
  return at;
}

function pattern(body) {
  const regex = /^\/(.*)\/([a-z]*)$/.exec(body);
  if (regex) return [new RegExp(regex[1], regex[2]), {}];
  const quoted = /^"(.*)"$/.exec(body);
  return quoted ? [quoted[1].replace(/\\(.)/g, "$1"), { exact: true }] : [body, {}];
}

function step(at, part) {
  const [, engine, body] = /^([\w-]+)=(.*)$/s.exec(part) ?? [];
  const call = (name) => at[name](...pattern(body));
  switch (engine) {
    case "frame":
      return at.frameLocator(body);
    case "label":
      return call("getByLabel");
    case "placeholder":
      return call("getByPlaceholder");
    case "alt":
      return call("getByAltText");
    case "title":
      return call("getByTitle");
    case "testid":
      return at.getByTestId(body);
    case "has-text": {
      const [text, { exact }] = pattern(body);
      if (!exact) return at.filter({ hasText: text });
      return at.filter({ hasText: new RegExp(`^\\s*${text}\\s*$`) });
    }
    default:
      return at.locator(part);
  }
}

async function state(locator, method) {
  try {
    return await locator[method]({ timeout: 1000 });
  } catch {
    return null;
  }
}

async function ask(page, text) {
  let ids;
  const locator = translate(page, text);
  try {
    ids = await locator.evaluateAll((all) => all.map((element) => element.getAttribute("data-oracle")));
  } catch (error) {
    return { error: String(error).split("\n")[0] };
  }
  const states = [];
  for (let index = 0; index < Math.min(ids.length, SHOWN); index += 1) {
    const one = locator.nth(index);
    states.push({
      visible: await state(one, "isVisible"),
      enabled: await state(one, "isEnabled"),
      editable: (await state(one, "isEditable")) ?? false,
    });
  }
  let clickable = null;
  if (ids.length === 1 && states[0].visible) {
    clickable = await locator.click({ trial: true, timeout: TRIAL_MS }).then(
      () => true,
      () => false,
    );
  }
  return { ids, states, clickable };
}

let input = "";
for await (const chunk of process.stdin) input += chunk;
const { url, program, pairs } = JSON.parse(input);
const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-gpu"] });
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
let shown = null;
for (const [name, text] of pairs) {
  if (name !== shown) {
    await page.goto(`${url}/oracle/${name}.html`, { waitUntil: "load" });
    shown = name;
  }
  console.log(JSON.stringify(await ask(page, text)));
}
await browser.close();
